"""Voting on one picture: soft (weighted mean of probabilities) and hard (each member's most probable class).

The rule, for M members and C classes with a weight for each member and class:

* **Soft.** The score of a class is the mean of its probabilities, weighted with the members' weights for this class.
  Each class is divided by the sum of its own weights, so members that agree are not changed by any weights.
* **Hard.** A member gives its most probable class its weight for this class; the class with most wins.
* **Ties.** Among classes with as many votes (closer than a 100,000th of the largest weight) the one with the larger
  soft score wins, and among those with equal scores the lower label, in soft voting too.  For members that have labels
  only the soft score is their weighted share of the votes.

A picture is done in bands of rows, spread over the cores: a band's scores stay in the cache while the members' bytes
pass by, and no array of the size of all probabilities is made.  What a member's file mapped is given back at once, so
that memory does not grow with the members: a system may map much more of a file than the rows that were looked at.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from custom_modules.ensemble.probs import STEPS
from custom_modules.utils.jit import num_threads, split

from . import kernels
from .layers import Band, Layer, unit_of

METHODS = ('soft', 'hard')
TOLERANCE = 1e-5  # of the largest weight: what sums of fractions are apart though they should be equal

_BAND_BYTES = 1 << 22  # of scores: larger ones leave the cache, smaller ones mean more calls


@dataclass(frozen=True, eq=False)
class EachVote:
    """A vote and what its members have to do with it, all (H, W) uint8.

    Attributes:
        labels: Of the vote.
        members: Of each member alone.
        without: Of the vote without each member, by its place; only of those with a weight, and where another one has.
    """

    labels: np.ndarray
    members: list[np.ndarray]
    without: dict[int, np.ndarray]


def vote_labels(
    layers: Sequence[Layer], size: tuple[int, int], weights: np.ndarray, method: str = 'soft'
) -> np.ndarray:
    """Vote for the class of each pixel.

    Args:
        layers: What the members say, in their order.
        size: Height and width of the picture, pixels.
        weights: (M, C), 0 or more; members without any are not looked at.
        method: One of ``METHODS``.

    Returns:
        (H, W) uint8.
    """
    ballot, labels = _Ballot(layers, weights, method), np.empty(size, np.uint8)

    def work(band: Band) -> None:
        ballot.decide(ballot.count(band), labels[band.first : band.last].reshape(-1))

    ballot.run(work, size)
    return labels


def vote_probs(layers: Sequence[Layer], size: tuple[int, int], weights: np.ndarray, method: str = 'soft') -> np.ndarray:
    """Vote, and return how much of the vote each class got.

    Args:
        layers: See :func:`vote_labels`, likewise all others.
        size: Height and width.
        weights: (M, C).
        method: One of ``METHODS``.

    Returns:
        (C, H, W) float32, 1 in sum; of a hard vote the shares of the votes.
    """
    ballot = _Ballot(layers, weights, method)
    probs = np.empty((ballot.num_classes, size[0] * size[1]), np.float32)

    def work(band: Band) -> None:
        probs[:, band.first_pixel : band.first_pixel + band.num_pixels] = ballot.share(ballot.count(band))

    ballot.run(work, size)
    return probs.reshape(-1, *size)


def vote_stored(
    layers: Sequence[Layer], size: tuple[int, int], weights: np.ndarray, method: str = 'soft', dtype: str = 'uint8'
) -> np.ndarray:
    """Vote, and return the shares of the classes as a ``*.probs`` folder stores them.

    Args:
        layers: See :func:`vote_labels`, likewise all others.
        size: Height and width.
        weights: (M, C).
        method: One of ``METHODS``.
        dtype: Of the steps, ``'uint8'`` or ``'uint16'``.

    Returns:
        (C, H, W) whole numbers; the label of each pixel is that of :func:`vote_labels`.
    """
    ballot = _Ballot(layers, weights, method)
    stored = np.empty((ballot.num_classes, size[0] * size[1]), dtype)

    def work(band: Band) -> None:
        labels, counts = np.empty(band.num_pixels, np.uint8), ballot.count(band)
        ballot.decide(counts, labels)
        kernels.to_steps(ballot.share(counts), labels, band.first_pixel, np.float32(STEPS[dtype]), stored)

    ballot.run(work, size)
    return stored.reshape(-1, *size)


def vote_each(layers: Sequence[Layer], size: tuple[int, int], weights: np.ndarray, method: str = 'soft') -> EachVote:
    """Vote with all members, with each alone, and without each, in one pass over their bytes.

    Args:
        layers: See :func:`vote_labels`, likewise all others.
        size: Height and width.
        weights: (M, C).
        method: One of ``METHODS``.
    """
    ballot, used = _Ballot(layers, weights, method), np.flatnonzero(np.asarray(weights).any(axis=1)).tolist()
    labels, members = np.empty(size, np.uint8), [np.empty(size, np.uint8) for _ in layers]
    without = {index: np.empty(size, np.uint8) for index in used if len(used) > 1}
    others = {index: _Ballot(layers, _without(weights, index), method) for index in without}

    def work(band: Band) -> None:
        rows = slice(band.first, band.last)
        for layer, map_of in zip(layers, members, strict=True):
            map_of[rows].reshape(-1)[:] = layer.best(band, ballot.num_classes)
            layer.release()
        counts = ballot.count(band)
        ballot.decide(counts, labels[rows].reshape(-1))
        for index, map_of in without.items():
            own = members[index][rows].reshape(-1)
            others[index].decide(ballot.count_without(index, own, band, counts), map_of[rows].reshape(-1))

    ballot.run(work, size)
    return EachVote(labels, members, without)


def _without(weights: np.ndarray, index: int) -> np.ndarray:
    weights = np.array(weights, np.float64)
    weights[index] = 0
    return weights


@dataclass(frozen=True, eq=False)
class _Counts:
    """What a band's pixels got: (C, n) float32 soft scores, and votes where the method is hard."""

    scores: np.ndarray
    votes: np.ndarray | None


class _Ballot:
    """The members' say on a picture with their weights."""

    def __init__(self, layers: Sequence[Layer], weights: np.ndarray, method: str) -> None:
        if method not in METHODS:
            raise ValueError(f'method is {method!r}; there are {", ".join(METHODS)}')
        weights = np.asarray(weights, np.float64)
        if weights.ndim != 2 or len(weights) != len(layers) or not (weights >= 0).all() or not weights.any():
            raise ValueError(f'weights of {weights.shape}: give {len(layers)} members x classes, none below 0')
        self.layers, self.weights, self.num_classes = layers, weights, weights.shape[1]
        self.is_hard, self.unit = method == 'hard', unit_of(layers)
        sums = weights.sum(axis=0)
        # Exactly 1 for all classes where the weights are those of members: whole numbers stay whole.
        scale = np.divide(sums.max(), sums, out=np.zeros_like(sums), where=sums > 0)
        self.scale, self.ones = scale.astype(np.float32), np.ones(self.num_classes, np.float32)
        self.tolerance = np.float32(TOLERANCE * weights.max())

    def run(self, work: Callable[[Band], None], size: tuple[int, int]) -> None:
        """Call a function for all bands of a picture, on all cores."""
        height, width = size
        rows = max(1, min(_BAND_BYTES // (4 * self.num_classes * width), -(-height // num_threads())))

        def part(first: int, last: int) -> None:
            for row in range(first, last, rows):
                work(Band(row, min(row + rows, last), height, width))

        split(part, height, cost=len(self.layers) * self.num_classes * height * width, align=rows)

    def count(self, band: Band) -> _Counts:
        """Add up what the members say in a band."""
        scores = np.zeros((self.num_classes, band.num_pixels), np.float32)
        votes = np.zeros_like(scores) if self.is_hard else None
        for layer, weights in zip(self.layers, self.weights, strict=True):
            if not weights.any():
                continue
            layer.add(band, weights, self.unit, scores)
            if votes is not None:
                kernels.add_votes(layer.best(band, self.num_classes), weights.astype(np.float32), votes)
            layer.release()
        return _Counts(scores, votes)

    def count_without(self, index: int, own: np.ndarray, band: Band, counts: _Counts) -> _Counts:
        """Take back what a member said; ``own`` are its labels."""
        scores, votes = counts.scores.copy(), None if counts.votes is None else counts.votes.copy()
        self.layers[index].add(band, -self.weights[index], self.unit, scores)
        self.layers[index].release()
        if votes is not None:
            kernels.add_votes(own, (-self.weights[index]).astype(np.float32), votes)
        return _Counts(scores, votes)

    def decide(self, counts: _Counts, labels: np.ndarray) -> None:
        """Write the winners into (n,) labels."""
        best = np.empty(labels.size, np.float32)
        if counts.votes is None:
            kernels.best_scores(counts.scores, self.scale, best, labels)
        else:
            kernels.best_votes(counts.votes, counts.scores, self.scale, self.tolerance, best, labels)

    def share(self, counts: _Counts) -> np.ndarray:
        """Turn what decides into the shares of the classes, (C, n), in place."""
        shares, scale = (counts.scores, self.scale) if counts.votes is None else (counts.votes, self.ones)
        kernels.to_probs(shares, scale)
        return shares
