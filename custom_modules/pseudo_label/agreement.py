"""Several models as one: their boxes fused, and in how many of them each one appears."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from custom_modules.evaluation.predictions import Predictions

MIN_SCORE = 0.01
"""Boxes below this are not fused: they are many, and none becomes a label."""


@dataclass(frozen=True, eq=False)
class Agreement:
    """Fused boxes.

    Attributes:
        predictions: N rows.
        votes: (N,) int64, models in which the box appears.
    """

    predictions: Predictions
    votes: np.ndarray


def agree(
    members: Sequence[Predictions], image_sizes: Mapping[int, tuple[int, int]], *, iou_thr: float = 0.55, **fusing: Any
) -> Agreement:
    """Fuse the predictions of several models and count in how many each box appears.

    Weighted boxes fusion (Solovyev et al. 2021, "Weighted boxes fusion: Ensembling boxes from different object
    detection models") averages boxes of one class; a box that few models have gets a low score.

    Args:
        members: Predictions of each model on the same pictures; one alone is passed through.
        image_sizes: Height and width of each picture by id, pixels.
        iou_thr: Boxes above this IoU are one.
        fusing: Other arguments of ``MemberBoxes.fuse``.

    Returns:
        The fused boxes; masks are kept when all members have them.
    """
    if len(members) == 1:
        return Agreement(members[0], np.ones(len(members[0]), dtype=np.int64))
    from custom_modules.ensemble import MemberBoxes  # its kernels cost seconds where nothing is to be fused

    boxes = MemberBoxes.from_predictions(members, image_sizes)
    fused = boxes.fuse(method='wbf', iou_thr=iou_thr, skip_box_thr=MIN_SCORE, **fusing)
    clustered = np.flatnonzero(fused.clusters >= 0)
    pairs = np.unique(np.stack([fused.clusters[clustered], boxes.members[clustered]], axis=1), axis=0)
    return Agreement(fused.to_predictions(), np.bincount(pairs[:, 0], minlength=len(fused.scores)))


def image_sizes(images: Sequence[dict]) -> dict[int, tuple[int, int]]:
    """Return height and width of image records by id, pixels."""
    return {image['id']: (image['height'], image['width']) for image in images}
