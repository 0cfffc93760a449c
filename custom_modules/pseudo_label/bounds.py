"""How precise boxes surely are, judged by a sample."""

import numpy as np
from numpy.typing import ArrayLike


def precision_lower_bound(right: ArrayLike, total: ArrayLike, confidence: float = 0.9) -> np.ndarray:
    """Bound a precision from below: the one-sided interval of Clopper and Pearson.

    Clopper & Pearson 1934, "The use of confidence or fiducial limits illustrated in the case of the binomial": the
    ``1 - confidence`` quantile of Beta(right, total - right + 1).  It keeps its confidence for every sample size;
    the shorter intervals (Wilson, Jeffreys) do not on one side and near 1 (Cai 2005, "One-sided confidence intervals
    in discrete distributions"), which is where the precision of pseudo labels has to be.

    Args:
        right: Boxes that were right; broadcast against ``total``.
        total: Boxes in all.
        confidence: How often the bound is below the true precision, above 0 and below 1.

    Returns:
        The bounds, float64, 0 to 1; 0 where nothing was right.
    """
    from scipy.special import betaincinv

    right, total = np.broadcast_arrays(np.asarray(right, dtype=np.float64), np.asarray(total, dtype=np.float64))
    bounds = betaincinv(np.maximum(right, 1), total - right + 1, 1 - confidence)
    return np.where(right > 0, bounds, 0.0)


def bound_reaches(right: ArrayLike, total: ArrayLike, target: float, confidence: float = 0.9) -> np.ndarray:
    """Say where :func:`precision_lower_bound` is at least ``target``, without inverting the distribution.

    Args:
        right: (N,) boxes that were right.
        total: (N,) boxes in all.
        target: Precision wanted, 0 to 1.
        confidence: As above.

    Returns:
        (N,) bool.
    """
    from scipy.special import betainc

    right, total = np.asarray(right, dtype=np.float64), np.asarray(total, dtype=np.float64)
    reached = np.zeros(right.shape, dtype=bool)
    possible = np.flatnonzero((right > 0) & (right >= target * total))  # the bound lies below the share
    reached[possible] = betainc(right[possible], (total - right + 1)[possible], target) <= 1 - confidence
    return reached
