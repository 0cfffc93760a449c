"""How far a score may be trusted: resamples of the images, and the interval they give."""

import numpy as np

LEVEL = 0.9


def bootstrap_weights(num_images: int, num_resamples: int, seed: int) -> np.ndarray:
    """Draw image weights of the Bayesian bootstrap (Rubin, The Bayesian Bootstrap, 1981).

    Weights are exponentially distributed instead of counts of drawn copies: no image drops out altogether, so that a
    class found in two or three images only is in the mean of every resample.

    Args:
        num_images: I.
        num_resamples: S.
        seed: The same seed gives the same weights.

    Returns:
        (S, I) float64, each row with mean 1.
    """
    weights = np.random.default_rng(seed).exponential(size=(num_resamples, num_images))
    return weights * (num_images / weights.sum(axis=1, keepdims=True))


def interval(values: np.ndarray, level: float = LEVEL) -> tuple[float, float]:
    """Return the central interval of resampled figures.

    Args:
        values: (S,) figures, one a resample; NaN is left out.
        level: Share of them inside.

    Returns:
        Lower and upper end; NaN where there are no figures.
    """
    values = values[~np.isnan(values)]
    if not len(values):
        return float('nan'), float('nan')
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
