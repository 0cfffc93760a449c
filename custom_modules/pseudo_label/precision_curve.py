"""From a score to the chance that a box is right, per class."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

PRIOR_BOXES = 20
"""So many boxes of a class weigh as much as what is known of all classes together."""
_TOP_BIN, _GROWTH = 20, 1.2  # boxes in the bin of the highest scores, and how much larger the next one is


@dataclass(frozen=True, eq=False)
class PrecisionCurve:
    """Precision as a function of the score, not decreasing.

    Attributes:
        scores: (B,) ascending.
        precision: (B,) chance that a box of this score is right, 0 to 1, not decreasing.
    """

    scores: np.ndarray
    precision: np.ndarray

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        """Return the precision at scores, straight lines between the points and flat outside."""
        return np.interp(scores, self.scores, self.precision)

    def lowest_score(self, precision: float) -> float | None:
        """Return the score from which on boxes have a precision of at least this; None if none has."""
        reached = np.flatnonzero(self.precision >= precision)
        if not reached.size:
            return None
        first = reached[0]
        if first == 0:
            return float(self.scores[0])
        below, above = self.precision[first - 1 : first + 1]
        low, high = self.scores[first - 1 : first + 1]
        return float(low + (high - low) * (precision - below) / (above - below))


def precision_curves(
    scores: np.ndarray, labels: np.ndarray, right: np.ndarray, num_classes: int
) -> Sequence[PrecisionCurve]:
    """Fit a curve for each class.

    Isotonic regression (Zadrozny & Elkan 2002, "Transforming classifier scores into accurate multiclass probability
    estimates") over bins of the score that grow from the highest downwards.  First one curve for all classes; in each
    bin a class then counts its own boxes and ``PRIOR_BOXES`` of that curve's precision (empirical Bayes shrinkage):
    a class with few boxes follows the others, one with many follows itself.

    Args:
        scores: (N,) scores of boxes whose answer is known.
        labels: (N,) ints below ``num_classes``.
        right: (N,) bool.
        num_classes: K.

    Returns:
        K curves.  Without any boxes they are flat at 0.
    """
    if not len(scores):
        return [PrecisionCurve(np.zeros(1), np.zeros(1))] * num_classes
    bins = _bins(scores)
    count = bins.max() + 1
    total = np.bincount(bins, minlength=count)
    points = np.bincount(bins, weights=scores, minlength=count) / total
    shared = isotonic((np.bincount(bins, weights=right, minlength=count) + 0.5) / (total + 1), total)
    curves = []
    for label in range(num_classes):
        rows = labels == label
        own = np.bincount(bins[rows], minlength=count)
        own_right = np.bincount(bins[rows], weights=right[rows], minlength=count)
        weights = own + PRIOR_BOXES
        curves.append(PrecisionCurve(points, isotonic((own_right + PRIOR_BOXES * shared) / weights, weights)))
    return curves


def isotonic(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Find the non-decreasing sequence nearest to values in weighted squares, by pooling adjacent violators.

    Ayer et al. 1955, "An empirical distribution function for sampling with incomplete information".

    Args:
        values: (N,).
        weights: (N,), positive.

    Returns:
        (N,) float64.
    """
    blocks: list[tuple[float, float, int]] = []  # mean, weight, length
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        length = 1
        while blocks and blocks[-1][0] >= value:
            mean, other, others = blocks.pop()
            value = (mean * other + value * weight) / (other + weight)
            weight, length = weight + other, length + others
        blocks.append((value, weight, length))
    return np.repeat([block[0] for block in blocks], [block[2] for block in blocks])


def _bins(scores: np.ndarray) -> np.ndarray:
    """Return the bin of each box, from the lowest scores at 0 upwards; equal scores share one."""
    sizes, size = [], float(_TOP_BIN)
    while sum(sizes) + size <= len(scores):
        sizes.append(int(size))
        size *= _GROWTH
    sizes = sizes or [0]
    sizes[-1] += len(scores) - sum(sizes)  # what is left over at the low end joins the last bin
    by_rank = np.repeat(np.arange(len(sizes))[::-1], sizes)
    first_rank = np.searchsorted(np.sort(-scores), -scores, side='left')
    return np.unique(by_rank[first_rank], return_inverse=True)[1]
