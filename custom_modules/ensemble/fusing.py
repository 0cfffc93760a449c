"""One call per method over the boxes of many pictures, on all cores."""

from dataclasses import dataclass

import numpy as np

from custom_modules.utils.jit import split

from . import kernels

METHODS = ('wbf', 'nmw', 'nms', 'soft_nms')
CONF_TYPES = ('avg', 'max', 'box_and_model_avg', 'absent_model_aware_avg')
# Multiplications per pair of boxes of a picture, roughly.
_PER_PAIR = 4


@dataclass(frozen=True, eq=False)
class Rows:
    """Boxes of several members on several pictures, picture after picture, inside one in input order.

    Attributes:
        starts: (I + 1,) int64, where those of each picture begin.
        boxes: (N, 4) float64, xyxy in [0, 1].
        scores: (N,) float64.
        labels: (N,) int64.
        members: (N,) int64, which member a box is of, from 0.
        used: (N,) bool, which boxes take part.
    """

    starts: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray
    labels: np.ndarray
    members: np.ndarray
    used: np.ndarray


@dataclass(frozen=True, eq=False)
class Fused:
    """Fused boxes, picture after picture.

    Attributes:
        starts: (I + 1,) int64, where those of each picture begin.
        boxes: (n, 4) float64, xyxy in [0, 1].
        scores: (n,) float64.
        labels: (n,) int64.
        clusters: (N,) int64, the fused box that each input box went into, -1 for none.
    """

    starts: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray
    labels: np.ndarray
    clusters: np.ndarray


def fuse_rows(
    rows: Rows,
    *,
    method: str,
    weights: np.ndarray,
    iou_thr: float,
    conf_type: str = 'avg',
    allows_overflow: bool = False,
    sigma: float = 0.5,
    thresh: float = 0.001,
    decay: int = kernels.GAUSSIAN,
) -> Fused:
    """Fuse the boxes of each picture.

    Args:
        rows: Boxes; the scores are multiplied by the weights here.
        method: One of ``METHODS``.
        weights: (M,) float64, one per member; what is not above 0 must not be ``used``.
        iou_thr: Boxes above this IoU are one.
        conf_type: One of ``CONF_TYPES``, for ``wbf``.
        allows_overflow: See :func:`~custom_modules.ensemble.weighted_boxes_fusion`.
        sigma: Width of soft-NMS's Gaussian.
        thresh: Scores that soft-NMS lowers to this or below go.
        decay: How soft-NMS lowers scores, one of the constants of the kernels.

    Returns:
        The results; those of ``wbf`` and ``nmw`` best first, the others label by label.
    """
    present = np.flatnonzero(weights > 0)
    renumbered = np.zeros(len(weights), np.int64)
    renumbered[present] = np.arange(len(present))
    size = len(rows.scores)
    outputs = np.empty((size, 4)), np.empty(size), np.empty(size, np.int64), np.full(size, -1, np.int64)
    counts = np.zeros(len(rows.starts) - 1, np.int64)
    scores = rows.scores * weights[rows.members]
    common = (rows.starts, rows.boxes, scores, rows.labels)

    def work(first: int, last: int) -> None:
        ends = (*outputs, counts)
        if method == 'wbf':
            kinds = CONF_TYPES.index(conf_type), bool(allows_overflow)
            members = renumbered[rows.members]
            kernels.weighted_boxes_fusion(
                first, last, *common, members, rows.used, weights[present], float(iou_thr), *kinds, *ends
            )
        elif method == 'nmw':
            kernels.non_maximum_weighted(first, last, *common, rows.used, float(iou_thr), *ends)
        elif method == 'nms':
            kernels.non_maximum_suppression(first, last, *common, rows.used, float(iou_thr), *ends)
        else:
            numbers = float(iou_thr), float(sigma), float(thresh), int(decay)
            kernels.soft_nms(first, last, *common, rows.used, *numbers, *ends)

    if len(present) and size:
        split(work, len(counts), cost=_PER_PAIR * int((np.diff(rows.starts) ** 2).sum()))
    return _gather(rows.starts, counts, *outputs)


def _gather(
    starts: np.ndarray,
    counts: np.ndarray,
    boxes: np.ndarray,
    scores: np.ndarray,
    labels: np.ndarray,
    clusters: np.ndarray,
) -> Fused:
    """Close the gaps between the pictures, and number clusters through all of them."""
    ends = np.concatenate([[0], np.cumsum(counts)])
    kept = np.arange(ends[-1]) + np.repeat(starts[:-1] - ends[:-1], counts)
    numbers = clusters + np.repeat(ends[:-1], np.diff(starts))
    return Fused(ends, boxes[kept], scores[kept], labels[kept], np.where(clusters >= 0, numbers, -1))
