"""Small objects that a CRF smoothed away although the models agree on them are written back."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from custom_modules.datasets.label_maps import IGNORED

# Weights are shares: half of three equal ones is no more than rounding away from half of four.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class RescueParams:
    """Which regions are written back.

    With looser defaults noise that models share came back, too (``benchmarks/crf.md``); a search finds better ones.

    Attributes:
        max_area: Of a region, pixels; what is larger a CRF removes for a reason.
        min_area: Of a region, pixels; what is smaller is noise, whoever agrees on it.
        min_agreement: Share of the members' weights that a pixel's class needs, above 0 and up to 1.
        max_kept: Share of a region that may still be of its class; with more it was not removed but trimmed.

    Raises:
        ValueError: An area or a share is out of its range, or ``min_area`` is above ``max_area``.
    """

    max_area: int = 1000
    min_area: int = 30
    min_agreement: float = 0.8
    max_kept: float = 0.1

    def __post_init__(self) -> None:
        if not 1 <= self.min_area <= self.max_area:
            raise ValueError(
                f'areas must be 1 <= min_area <= max_area, not min_area {self.min_area}, max_area {self.max_area}'
            )
        if not 0 < self.min_agreement <= 1:
            raise ValueError(f'min_agreement must be above 0 and up to 1, not {self.min_agreement}')
        if not 0 <= self.max_kept < 1:
            raise ValueError(f'max_kept must be from 0 to below 1, not {self.max_kept}')


def rescue_small_objects(
    refined: np.ndarray,
    members: Sequence[np.ndarray],
    params: RescueParams,
    weights: Sequence[float] | None = None,
) -> np.ndarray:
    """Write back the small regions on which the members agree and which a CRF removed.

    Each pixel has the class but Background that most of the members' weight is for, where that is ``min_agreement`` of
    all at least; of equal ones, the lower label.  The pixels of one class fall into regions (8-connected).  One of
    ``min_area`` to ``max_area`` pixels is written back, over whatever class is there, if no more than ``max_kept`` of
    it are of its class in ``refined``.

    Args:
        refined: (H, W) uint8, labels after the CRF; 0 is Background.
        members: M label maps of the same kind, of one model each; 255 is for no class.
        params: Thresholds.
        weights: M weights from 0 on; the members count alike by default.

    Returns:
        (H, W) uint8, a new map.

    Raises:
        ValueError: A map is not of the kind above or of another size, there is no member, or the weights are
            negative, all 0 or of another number.
    """
    _check(refined, members)
    shares = _shares(weights, len(members))
    rescued = refined.copy()
    for label, mask in _agreed_masks(members, shares, params.min_agreement).items():
        _write_back(rescued, refined, label, mask, params)
    return rescued


def _agreed_masks(members: Sequence[np.ndarray], shares: np.ndarray, min_agreement: float) -> dict[int, np.ndarray]:
    """Return the pixels whose class is agreed on, (H, W) uint8 of 0 and 1 by label; they do not overlap."""
    present = np.zeros(256, bool)
    for member in members:
        present |= np.bincount(member.reshape(-1), minlength=256) > 0
    most = np.full(members[0].shape, min_agreement - _ROUNDING, np.float32)
    agreed = np.zeros(members[0].shape, np.uint8)
    for label in np.flatnonzero(present[1:IGNORED]) + 1:
        votes = np.zeros(agreed.shape, np.float32)
        for member, share in zip(members, shares, strict=True):
            votes += (member == label) * share
        # What is equal but for rounding stays with the lower label.
        is_more = votes > most + (agreed > 0) * np.float32(_ROUNDING)
        agreed[is_more] = label
        np.copyto(most, votes, where=is_more)
    return {int(label): (agreed == label).astype(np.uint8) for label in np.unique(agreed[agreed > 0])}


def _write_back(rescued: np.ndarray, refined: np.ndarray, label: int, mask: np.ndarray, params: RescueParams) -> None:
    count, regions, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA]
    kept = np.bincount(regions[refined == label], minlength=count)
    is_back = (params.min_area <= areas) & (areas <= params.max_area) & (kept <= params.max_kept * areas)
    is_back[0] = False  # the pixels outside of all regions
    rescued[is_back[regions]] = label


def _shares(weights: Sequence[float] | None, count: int) -> np.ndarray:
    weights = [1.0] * count if weights is None else list(weights)
    if len(weights) != count:
        raise ValueError(f'{len(weights)} weights for {count} members')
    if not all(math.isfinite(weight) and weight >= 0 for weight in weights) or not any(weights):
        raise ValueError(f'weights must be from 0 on and not all 0, not {weights}')
    return (np.array(weights) / sum(weights)).astype(np.float32)


def _check(refined: np.ndarray, members: Sequence[np.ndarray]) -> None:
    if not members:
        raise ValueError('there must be a member at least')
    for name, labels in (('refined', refined), *((f'member {index}', one) for index, one in enumerate(members))):
        if not isinstance(labels, np.ndarray) or labels.dtype != np.uint8 or labels.ndim != 2:
            kind = f'{labels.dtype} {labels.shape}' if isinstance(labels, np.ndarray) else type(labels).__name__
            raise ValueError(f'{name} must be (H, W) uint8, not {kind}')
        if labels.shape != refined.shape:
            raise ValueError(f'{name} is {labels.shape}, refined is {refined.shape}')
