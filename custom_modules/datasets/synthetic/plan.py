"""Who appears in which picture: classes and object counts by quota, not by luck."""

from dataclasses import dataclass

import numpy as np

from ...utils import UserError
from .objects import CLASSES

# Share of the boxes of each class in the photographs these pictures stand in for.
REAL_SHARES = {
    'General trash': 0.17,
    'Paper': 0.27,
    'Paper pack': 0.039,
    'Metal': 0.04,
    'Glass': 0.042,
    'Plastic': 0.13,
    'Styrofoam': 0.055,
    'Plastic bag': 0.22,
    'Battery': 0.007,
    'Clothing': 0.02,
}
FREQUENCIES = ('real', 'flat', 'sqrt')
SPLITS = ('train', 'val', 'test')

_COUNT_SHARES = (0.12, 0.20, 0.22, 0.18, 0.13, 0.09, 0.06)  # of pictures with 1 to 7 objects; 3.5 on average
_LEAST_SQRT_SHARE = 0.06  # 240 pictures then hold 50 objects of the rarest class
_HIDDEN_SHARE = 0.28  # of objects that something is laid over


@dataclass(frozen=True)
class PlannedObject:
    """An object that a picture must hold: its class, and whether something shall cover part of it."""

    label: int
    hidden: bool


def stream(seed: int, split: str, index: int = -1) -> np.random.Generator:
    """Open the random stream of one picture, or with ``index`` -1 of a split's plan; no two are related."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(SPLITS.index(split), index + 1)))


def class_shares(frequencies: str) -> np.ndarray:
    """Look up the share of each class, in the order of ``CLASSES``, summing to 1.

    Args:
        frequencies: 'real', 'flat', or 'sqrt': square roots of the real ones, but no class below 6 %.

    Raises:
        UserError: Another name was given.
    """
    if frequencies not in FREQUENCIES:
        raise UserError(f'frequencies {frequencies!r} is unknown; choose one of {", ".join(FREQUENCIES)}')
    real = np.array([REAL_SHARES[name] for name in CLASSES])
    shares = {'real': real, 'flat': np.ones(len(CLASSES)), 'sqrt': np.sqrt(real)}[frequencies]
    shares = shares / shares.sum()
    return _raised(shares, _LEAST_SQRT_SHARE) if frequencies == 'sqrt' else shares


def _raised(shares: np.ndarray, least: float) -> np.ndarray:
    low = np.zeros(len(shares), bool)
    while (shares[~low] < least).any():
        low |= shares < least
        rest = shares[~low]
        shares = np.where(low, least, shares * (1 - least * low.sum()) / rest.sum())
    return shares


def quotas(total: int, shares: np.ndarray) -> np.ndarray:
    """Split ``total`` into whole numbers in proportion to ``shares`` by largest remainder (Hamilton's method)."""
    exact = total * np.asarray(shares) / np.sum(shares)
    counts = np.floor(exact).astype(int)
    order = np.argsort(counts - exact, kind='stable')
    counts[order[: total - counts.sum()]] += 1
    return counts


def plan_split(seed: int, split: str, pictures: int, frequencies: str) -> list[tuple[PlannedObject, ...]]:
    """Deal objects out to the pictures of a split.

    The plan depends on the number of pictures, since the quotas do.

    Args:
        seed: Seed of the data set.
        split: One of ``SPLITS``.
        pictures: Number of pictures.
        frequencies: One of ``FREQUENCIES``.

    Returns:
        The objects of each picture, 1 to 7.
    """
    rng = stream(seed, split)
    counts = rng.permutation(np.repeat(np.arange(1, 8), quotas(pictures, _COUNT_SHARES)))
    total = int(counts.sum())
    labels = rng.permutation(np.repeat(np.arange(len(CLASSES)), quotas(total, class_shares(frequencies))))
    hidden = rng.permutation(np.arange(total) < round(_HIDDEN_SHARE * total))
    dealt = [PlannedObject(int(label), bool(flag)) for label, flag in zip(labels, hidden, strict=True)]
    ends = np.cumsum(counts)
    return [tuple(dealt[end - count : end]) for count, end in zip(counts, ends, strict=True)]
