"""One call per method over the boxes of many pictures, on all cores."""

from dataclasses import dataclass

import numpy as np

from custom_modules.utils.jit import split

from . import fusion_kernels, suppression_kernels

METHODS = ('wbf', 'nmw', 'nms', 'soft_nms')
CONF_TYPES = ('avg', 'max', 'box_and_model_avg', 'absent_model_aware_avg')
# Multiplications for a pair of boxes of a picture, roughly: most pairs are of different labels.
_PER_PAIR = 4


@dataclass(frozen=True, eq=False)
class Rows:
    """Boxes of several members on several pictures, picture after picture, inside one in input order.

    Attributes:
        starts: (I + 1,) int64, where those of each picture begin.
        boxes: (N, 4) float64, xyxy in [0, 1].
        scores: (N,) float64.
        labels: (N,) int64, from 0.
        members: (N,) int64, which member a box is of, from 0.
        num_members: M, those without boxes too.
        used: (N,) bool, which boxes take part.
        single: Whether the numbers were of single precision: the suppressions compute in that of their input.
    """

    starts: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray
    labels: np.ndarray
    members: np.ndarray
    num_members: int
    used: np.ndarray
    single: bool = False


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
    weights: np.ndarray | None,
    iou_thr: float,
    conf_type: str = 'avg',
    allows_overflow: bool = False,
    sigma: float = 0.5,
    thresh: float = 0.001,
    decay: int = suppression_kernels.GAUSSIAN,
) -> Fused:
    """Fuse the boxes of each picture.

    Args:
        rows: Boxes, their scores not yet multiplied by the weights.
        method: One of ``METHODS``.
        weights: (M,) float64 from 0 on, one per member; 0 leaves it out; None for all alike.
        iou_thr: Boxes above this IoU are one.
        conf_type: One of ``CONF_TYPES``, for ``wbf``.
        allows_overflow: See :func:`~custom_modules.ensemble.weighted_boxes_fusion`.
        sigma: Width of soft-NMS's Gaussian.
        thresh: Scores that soft-NMS lowers to this or below go.
        decay: How soft-NMS lowers scores, one of the constants of the kernels.

    Returns:
        The results; those of ``wbf`` and ``nmw`` best first, the others label by label.
    """
    scores = weighted_scores(rows, method, weights)
    weights = np.ones(rows.num_members) if weights is None else weights
    present = weights > 0
    used, members = rows.used & present[rows.members], (np.cumsum(present) - 1)[rows.members]
    size, num_labels = len(scores), int(rows.labels.max(initial=-1)) + 1
    outputs = np.empty((size, 4)), np.empty(size), np.empty(size, np.int64), np.full(size, -1, np.int64)
    counts = np.zeros(len(rows.starts) - 1, np.int64)
    given = (rows.starts, rows.boxes, scores, rows.labels, used)
    filled = (*outputs, counts)
    iou_thr, single = float(iou_thr), bool(rows.single)
    kind, overflow = CONF_TYPES.index(conf_type), bool(allows_overflow)

    def work(first: int, last: int) -> None:
        if method == 'wbf':
            fusion_kernels.weighted_boxes_fusion(
                first, last, *given, members, weights[present], num_labels, iou_thr, kind, overflow, *filled
            )
        elif method == 'nmw':
            fusion_kernels.non_maximum_weighted(first, last, *given, num_labels, iou_thr, *filled)
        elif method == 'nms':
            suppression_kernels.non_maximum_suppression(first, last, *given, num_labels, iou_thr, single, *filled)
        else:
            numbers = float(sigma), float(thresh), int(decay)
            suppression_kernels.soft_nms(first, last, *given, num_labels, iou_thr, single, *numbers, *filled)

    if size:
        split(work, len(counts), cost=_PER_PAIR * int((np.diff(rows.starts) ** 2).sum()))
    return _gather(rows.starts, counts, *outputs)


def weighted_scores(rows: Rows, method: str, weights: np.ndarray | None) -> np.ndarray:
    """Multiply the scores (N,) by the weights (M,), of which each method has its own unit; None changes nothing."""
    if weights is None:
        return rows.scores
    if method == 'wbf':
        return rows.scores * weights[rows.members]
    if method == 'nmw':
        return rows.scores * (weights / weights.max(initial=0))[rows.members]
    return rows.scores * weights[rows.members] / weights.sum()


def _gather(
    starts: np.ndarray,
    counts: np.ndarray,
    boxes: np.ndarray,
    scores: np.ndarray,
    labels: np.ndarray,
    clusters: np.ndarray,
) -> Fused:
    """Close the gaps between the pictures, and number clusters through all of them."""
    if len(counts) == 1:
        size = counts[0]
        return Fused(np.array([0, size]), boxes[:size], scores[:size], labels[:size], clusters)
    ends = np.concatenate([[0], np.cumsum(counts)])
    kept = np.arange(ends[-1]) + np.repeat(starts[:-1] - ends[:-1], counts)
    numbers = clusters + np.repeat(ends[:-1], np.diff(starts))
    return Fused(ends, boxes[kept], scores[kept], labels[kept], np.where(clusters >= 0, numbers, -1))
