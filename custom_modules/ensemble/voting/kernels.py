"""The loops of voting; ``vote.py`` calls them for bands of rows.

Scores are (C, n) float32: C classes of n pixels, those of some whole rows of the picture.  Members are added to them
one after another, straight from the bytes of their files.
"""

import numpy as np

from custom_modules.utils.jit import kernel


@kernel(fused=True)
def add_stored(stored, factors, first, scores):
    """Add stored probabilities of the picture's size.

    Args:
        stored: (C, N) uint8 or uint16, all pixels.
        factors: (C,) float32, what the numbers of each class are multiplied by.
        first: The pixel that the scores begin with.
        scores: (C, n) float32, added to.
    """
    for label in range(scores.shape[0]):
        factor = factors[label]
        if factor != 0:
            sums = scores[label]
            numbers = stored[label, first : first + sums.size]  # indices that are never negative: vectorised
            for pixel in range(sums.size):
                sums[pixel] += factor * np.float32(numbers[pixel])


@kernel
def add_labels(labels, factors, first, scores):
    """Add labels of the picture's size: each gives its class the factor, and the others nothing.

    Args:
        labels: (N,) uint8, all pixels, each below C.
        factors: (C,) float32.
        first: The pixel that the scores begin with.
        scores: (C, n) float32, added to.
    """
    for pixel in range(scores.shape[1]):
        label = labels[first + pixel]
        scores[label, pixel] += factors[label]


@kernel(fused=True)
def add_resized(stored, factors, rows, columns, scores):
    """Add stored probabilities of another size, bilinearly resized.

    Args:
        stored: (C, h, w) uint8 or uint16.
        factors: (C,) float32.
        rows: (R, 3) float32: of each row of the scores, the two rows of ``stored`` it lies between and how far it is
            from the first one (0 to 1).
        columns: (W, 3), likewise.
        scores: (C, R * W) float32, added to.
    """
    width = columns.shape[0]
    between = np.empty(stored.shape[2], np.float32)
    for label in range(scores.shape[0]):
        factor = factors[label]
        if factor == 0:
            continue
        for row in range(rows.shape[0]):
            above, below = stored[label, int(rows[row, 0])], stored[label, int(rows[row, 1])]
            share = rows[row, 2]
            for column in range(between.size):
                between[column] = np.float32(above[column]) * (1 - share) + np.float32(below[column]) * share
            sums = scores[label, row * width : (row + 1) * width]
            for column in range(width):
                share = columns[column, 2]
                left, right = between[int(columns[column, 0])], between[int(columns[column, 1])]
                sums[column] += factor * (left * (1 - share) + right * share)


@kernel(fused=True)
def add_resized_labels(labels, factors, rows, columns, scores):
    """Add labels of another size as :func:`add_resized` would add the map of each class, 1 where it is.

    Args:
        labels: (h, w) uint8, each below C.
        factors: (C,) float32.
        rows: See :func:`add_resized`.
        columns: See :func:`add_resized`.
        scores: (C, R * W) float32, added to.
    """
    width = columns.shape[0]
    for row in range(rows.shape[0]):
        above, below, low = labels[int(rows[row, 0])], labels[int(rows[row, 1])], rows[row, 2]
        for column in range(width):
            left, right, far = int(columns[column, 0]), int(columns[column, 1]), columns[column, 2]
            pixel = row * width + column
            scores[above[left], pixel] += factors[above[left]] * (1 - low) * (1 - far)
            scores[above[right], pixel] += factors[above[right]] * (1 - low) * far
            scores[below[left], pixel] += factors[below[left]] * low * (1 - far)
            scores[below[right], pixel] += factors[below[right]] * low * far


@kernel
def best_stored(stored, first, best, labels):
    """Find the largest of stored numbers; the lower label where two are equal.

    Args:
        stored: (C, N) of any type.
        first: The pixel that the labels begin with.
        best: (n,) of the same type, overwritten.
        labels: (n,) uint8, overwritten.
    """
    for pixel in range(labels.size):
        best[pixel], labels[pixel] = stored[0, first + pixel], 0
    for label in range(1, stored.shape[0]):
        numbers, name = stored[label, first : first + labels.size], np.uint8(label)
        for pixel in range(labels.size):
            number = numbers[pixel]
            is_better = number > best[pixel]
            labels[pixel] = name if is_better else labels[pixel]
            best[pixel] = number if is_better else best[pixel]


@kernel
def best_scores(scores, scale, best, labels):
    """Find the largest score; the lower label where two are equal.

    Args:
        scores: (C, n) float32.
        scale: (C,) float32, what the scores of each class are multiplied by; 0 for a class that never wins.
        best: (n,) float32, overwritten.
        labels: (n,) uint8, overwritten.
    """
    for pixel in range(labels.size):
        best[pixel], labels[pixel] = scores[0, pixel] * scale[0], 0
    for label in range(1, scores.shape[0]):
        numbers, factor, name = scores[label], scale[label], np.uint8(label)
        for pixel in range(labels.size):
            number = numbers[pixel] * factor
            is_better = number > best[pixel]
            labels[pixel] = name if is_better else labels[pixel]
            best[pixel] = number if is_better else best[pixel]


@kernel
def add_votes(labels, weights, votes):
    """Give the class of each pixel a member's weight.

    Args:
        labels: (n,) uint8.
        weights: (C,) float32; a negative one takes a vote back.
        votes: (C, n) float32, added to.
    """
    for pixel in range(labels.size):
        votes[labels[pixel], pixel] += weights[labels[pixel]]


@kernel
def best_votes(votes, scores, scale, tolerance, best, labels):
    """Find the class with most votes; of as many the one of the larger score, of equal ones the lower label.

    Args:
        votes: (C, n) float32.
        scores: (C, n) float32.
        scale: (C,) float32 of the scores, see :func:`best_scores`.
        tolerance: Votes that are no further apart are as many.
        best: (n,) float32, overwritten.
        labels: (n,) uint8, overwritten.
    """
    most = votes[0].copy()
    for label in range(1, votes.shape[0]):
        given = votes[label]
        for pixel in range(labels.size):
            most[pixel] = max(most[pixel], given[pixel])
    best[:] = -np.inf
    for label in range(votes.shape[0]):
        given, numbers, factor, name = votes[label], scores[label], scale[label], np.uint8(label)
        for pixel in range(labels.size):
            number = numbers[pixel] * factor
            is_better = (given[pixel] >= most[pixel] - tolerance) & (number > best[pixel])
            labels[pixel] = name if is_better else labels[pixel]
            best[pixel] = number if is_better else best[pixel]


@kernel
def to_probs(scores, scale):
    """Divide the scores of each pixel by their sum, in place; where it is 0 all classes get as much.

    Args:
        scores: (C, n) float32, overwritten.
        scale: (C,) float32, see :func:`best_scores`.
    """
    totals = np.zeros(scores.shape[1], np.float32)
    for label in range(scores.shape[0]):
        numbers, factor = scores[label], scale[label]
        for pixel in range(totals.size):
            numbers[pixel] *= factor
            totals[pixel] += numbers[pixel]
    equal = np.float32(1) / np.float32(scores.shape[0])
    for label in range(scores.shape[0]):
        numbers = scores[label]
        for pixel in range(totals.size):
            numbers[pixel] = numbers[pixel] / totals[pixel] if totals[pixel] > 0 else equal


@kernel
def to_steps(probs, labels, first, steps, stored):
    """Round probabilities to whole steps; the label of a pixel stays its first largest class.

    Args:
        probs: (C, n) float32.
        labels: (n,) uint8; where another class would win it is raised to a step above that one.
        first: The pixel that the probabilities begin with.
        steps: The number that stands for 1.
        stored: (C, N) uint8 or uint16, all pixels; those of the probabilities are overwritten.
    """
    most, winners = np.full(labels.size, -1, np.int32), np.zeros(labels.size, np.uint8)
    for label in range(probs.shape[0]):
        numbers, name = probs[label], np.uint8(label)
        out = stored[label, first : first + labels.size]
        for pixel in range(labels.size):
            step = np.int32(np.rint(numbers[pixel] * steps))
            out[pixel] = step
            winners[pixel] = name if step > most[pixel] else winners[pixel]
            most[pixel] = max(step, most[pixel])
    for pixel in range(labels.size):
        if winners[pixel] != labels[pixel]:
            stored[labels[pixel], first + pixel] = min(most[pixel] + 1, np.int32(steps))
