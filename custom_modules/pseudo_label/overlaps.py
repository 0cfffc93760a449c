"""Boxes of one picture that claim the same object: which to keep."""

import numpy as np

from custom_modules.evaluation.predictions import Predictions
from custom_modules.utils.jit import kernel

SAME_OBJECT_IOU = 0.4
"""Two boxes of one class above this are one object: of such pairs hardly ever both are right."""
CONFLICT_IOU = 0.6
"""Two sure boxes of different classes above this are one object that can have only one class."""
COVERED = 0.5
"""An ignore region over this share of a sure box would take its positives away: assigners ignore what lies inside."""
SAME_REGION_IOU = 0.5
"""Two ignore regions above this are one."""

KEEP, DROP, DOUBT = 0, 1, 2


def first_of_object(predictions: Predictions) -> np.ndarray:
    """Tell the boxes that are the best of their class around an object.

    Thresholds may be applied before or after with the same result: what is left out has a lower score than what it
    is left out for.

    Args:
        predictions: N rows of any pictures.

    Returns:
        (N,) bool.
    """
    order = np.lexsort((-predictions.scores, predictions.category_ids, predictions.image_ids))
    ids, categories = predictions.image_ids[order], predictions.category_ids[order]
    begins = np.append(True, (ids[1:] != ids[:-1]) | (categories[1:] != categories[:-1]))[: len(order)]
    starts = np.append(np.flatnonzero(begins), len(order))
    keep = np.zeros(len(order), dtype=bool)
    keep[order] = _firsts(np.ascontiguousarray(predictions.boxes_xywh[order]), starts, SAME_OBJECT_IOU)
    return keep


@kernel
def _firsts(boxes_xywh, starts, iou_thr):
    keep = np.ones(len(boxes_xywh), dtype=np.bool_)
    for group in range(len(starts) - 1):
        for row in range(starts[group], starts[group + 1]):
            x, y, width, height = boxes_xywh[row]
            for other in range(starts[group], row):
                if not keep[other]:
                    continue
                left, top, other_width, other_height = boxes_xywh[other]
                shared_width = min(x + width, left + other_width) - max(x, left)
                shared_height = min(y + height, top + other_height) - max(y, top)
                if shared_width <= 0 or shared_height <= 0:
                    continue
                shared = shared_width * shared_height
                if shared >= iou_thr * (width * height + other_width * other_height - shared):
                    keep[row] = False
                    break
    return keep


def settle_classes(boxes_xywh: np.ndarray, precision: np.ndarray, needed: float) -> np.ndarray:
    """Settle which of the boxes that could be labels of one picture are, where several classes claim an object.

    At most one can be right.  Given that, the surer one is right with the probability
    p (1 - q) / (p (1 - q) + q (1 - p) + (1 - p) (1 - q)) for the precisions p and q.  It stays if that is enough,
    otherwise it becomes an ignore region.

    Args:
        boxes_xywh: (N, 4), pixels; those of one class do not overlap much (see :func:`first_of_object`).
        precision: (N,) chance that each is right, 0 to 1.
        needed: The chance that is enough.

    Returns:
        (N,) ``KEEP``, ``DROP`` or ``DOUBT`` (an ignore region).
    """
    verdicts = np.full(len(precision), KEEP)
    overlaps = pairwise_iou(boxes_xywh)
    order = np.argsort(-precision, kind='stable')
    for place, row in enumerate(order):
        for better in order[:place]:
            if verdicts[better] != DROP and overlaps[better, row] >= CONFLICT_IOU:
                verdicts[row] = DROP
                if _chance_against(precision[better], precision[row]) < needed:
                    verdicts[better] = DOUBT
                break
    return verdicts


def settle_regions(boxes_xywh: np.ndarray, precision: np.ndarray, sure_xywh: np.ndarray) -> np.ndarray:
    """Settle which uncertain boxes of one picture become ignore regions.

    Left out is one that covers half of a sure box (either it means the same object, or it would have the detector
    ignore it), and one that lies around the same place as another, likelier one.

    Args:
        boxes_xywh: (N, 4), pixels.
        precision: (N,) chance that each is right.
        sure_xywh: (M, 4), the labels of the picture.

    Returns:
        (N,) bool.
    """
    sure_areas = np.maximum(sure_xywh[:, 2] * sure_xywh[:, 3], 1e-9)
    keep = (shared_areas(boxes_xywh, sure_xywh) < COVERED * sure_areas).all(axis=1)
    overlaps = pairwise_iou(boxes_xywh)
    kept: list[int] = []
    for row in np.argsort(-precision, kind='stable'):
        keep[row] &= not (overlaps[row, kept] >= SAME_REGION_IOU).any()
        if keep[row]:
            kept.append(row)
    return keep


def pairwise_iou(boxes_xywh: np.ndarray) -> np.ndarray:
    """Return the IoU of each box with each other, (N, N); 0 for boxes without area."""
    areas = boxes_xywh[:, 2] * boxes_xywh[:, 3]
    shared = shared_areas(boxes_xywh, boxes_xywh)
    union = areas[:, None] + areas[None] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def shared_areas(boxes_xywh: np.ndarray, others_xywh: np.ndarray) -> np.ndarray:
    """Return the area in pixels that each box (N) shares with each other one (M), (N, M)."""
    ends, other_ends = boxes_xywh[:, :2] + boxes_xywh[:, 2:], others_xywh[:, :2] + others_xywh[:, 2:]
    low = np.maximum(boxes_xywh[:, None, :2], others_xywh[None, :, :2])
    high = np.minimum(ends[:, None], other_ends[None])
    return np.prod(np.clip(high - low, 0, None), axis=2)


def _chance_against(better: float, other: float) -> float:
    wins, loses, neither = better * (1 - other), other * (1 - better), (1 - better) * (1 - other)
    return wins / (wins + loses + neither) if better * other < 1 else 0.5
