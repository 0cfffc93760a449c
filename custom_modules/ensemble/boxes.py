"""The functions of ensemble-boxes, a hundred times as fast.

:func:`weighted_boxes_fusion`, :func:`non_maximum_weighted`, :func:`nms` and :func:`soft_nms` take what their namesakes
of the package ensemble-boxes (1.0.9) take and return what they return, to 1e-5, wherever those return finite numbers
without a complaint: scores above 1 and the rescaling with weights that do not add up to the number of members
included.  Boxes of equal score keep their input order (the original's order is that of its sort).

What is different:

============================================  =====================================  ==============================
input                                         ensemble-boxes                         here
============================================  =====================================  ==============================
weight 0                                      NaN, or boxes with a score of 0        that member is left out
all weights 0, or one negative, NaN or inf    NaN                                    ValueError
as many weights as members are not given      a printed line, all weights 1          ValueError
boxes, scores, labels of unlike lengths       exit()                                 ValueError
unknown conf_type                             exit()                                 ValueError
NaN or infinite coordinates or scores         NaN                                    ValueError
coordinates in pixels (above 2)               a warning, cut to 1                    ValueError
a little outside [0, 1]                       a warning, cut                         cut
corners in the wrong order                    a warning, swapped                     swapped
boxes without area                            a warning, left out                    left out
no box at all                                 ValueError of numpy (nms, soft_nms)    empty arrays
scores that are all 0 in a cluster            NaN                                    first box, score 0
============================================  =====================================  ==============================
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import kernels
from .fusing import CONF_TYPES, Fused, Rows, fuse_rows

Result = tuple[np.ndarray, np.ndarray, np.ndarray]
# Detectors overshoot the picture by a little; what lies further out was not normalised.
_FAR_OUTSIDE = 2.0


def weighted_boxes_fusion(
    boxes_list: Sequence[Any],
    scores_list: Sequence[Any],
    labels_list: Sequence[Any],
    weights: Sequence[float] | None = None,
    iou_thr: float = 0.55,
    skip_box_thr: float = 0.0,
    conf_type: str = 'avg',
    allows_overflow: bool = False,
) -> Result:
    """Fuse one picture's boxes of several members by weighted boxes fusion.

    Solovyev, Wang and Gabruseva 2021, "Weighted boxes fusion: Ensembling boxes from different object detection models",
    section 3: boxes of one label that overlap become their average, weighted by score.

    Args:
        boxes_list: Per member (n, 4), xyxy in [0, 1]; arrays or lists.
        scores_list: Per member (n,).
        labels_list: Per member (n,), whole numbers.
        weights: One per member, from 0 on; 0 leaves the member out; all 1 by default.
        iou_thr: A box joins the fused box that it overlaps most, if by more than this.
        skip_box_thr: Boxes with a score below this (before weighting) are left out.
        conf_type: Score of a fused box: ``'avg'``, ``'max'``, ``'box_and_model_avg'`` or
            ``'absent_model_aware_avg'``.
        allows_overflow: With ``'avg'``, let a fused box of more boxes than there are members count them all.

    Returns:
        Boxes (n, 4), scores (n,) and labels (n,), float64, best first.

    Raises:
        ValueError: See the table of this module.
    """
    if conf_type not in CONF_TYPES:
        raise ValueError(f'unknown conf_type {conf_type!r}; choose one of {", ".join(CONF_TYPES)}')
    rows, weights = _join(boxes_list, scores_list, labels_list, weights, skip_box_thr)
    options = {'conf_type': conf_type, 'allows_overflow': allows_overflow}
    return _result(fuse_rows(rows, method='wbf', weights=weights, iou_thr=iou_thr, **options))


def non_maximum_weighted(
    boxes_list: Sequence[Any],
    scores_list: Sequence[Any],
    labels_list: Sequence[Any],
    weights: Sequence[float] | None = None,
    iou_thr: float = 0.55,
    skip_box_thr: float = 0.0,
) -> Result:
    """Fuse one picture's boxes of several members by non-maximum weighting.

    Zhou, Li, Ma and others 2017, "CAD: Scale Invariant Framework for Real-Time Object Detection": the boxes that
    overlap a best one become an average weighted by score and IoU with it, and keep the best one's score.

    Args:
        boxes_list: Per member (n, 4), xyxy in [0, 1]; arrays or lists.
        scores_list: Per member (n,).
        labels_list: Per member (n,), whole numbers.
        weights: One per member, divided by the largest; 0 leaves the member out; all 1 by default.
        iou_thr: A box joins the best box that it overlaps most, if by more than this.
        skip_box_thr: Boxes with a score below this (before weighting) are left out.

    Returns:
        Boxes (n, 4), scores (n,) and labels (n,), float64, best first.

    Raises:
        ValueError: See the table of this module.
    """
    rows, weights = _join(boxes_list, scores_list, labels_list, weights, skip_box_thr)
    return _result(fuse_rows(rows, method='nmw', weights=weights / (weights.max(initial=0) or 1), iou_thr=iou_thr))


def nms(
    boxes: Sequence[Any],
    scores: Sequence[Any],
    labels: Sequence[Any],
    iou_thr: float = 0.5,
    weights: Sequence[float] | None = None,
) -> Result:
    """Keep the best of overlapping boxes of one label (non-maximum suppression).

    Args:
        boxes: Per member (n, 4), xyxy in [0, 1]; arrays or lists.
        scores: Per member (n,).
        labels: Per member (n,), whole numbers.
        iou_thr: Boxes that overlap a better one by more than this go.
        weights: One per member, divided by their sum; 0 leaves the member out; None leaves the scores as they are.

    Returns:
        Boxes (n, 4), scores (n,) and labels (n,), float64, labels ascending, inside one best first.

    Raises:
        ValueError: See the table of this module.
    """
    rows, shares = _shared_out(boxes, scores, labels, weights)
    return _result(fuse_rows(rows, method='nms', weights=shares, iou_thr=iou_thr))


def soft_nms(
    boxes: Sequence[Any],
    scores: Sequence[Any],
    labels: Sequence[Any],
    method: int = 2,
    iou_thr: float = 0.5,
    sigma: float = 0.5,
    thresh: float = 0.001,
    weights: Sequence[float] | None = None,
) -> Result:
    """Order and drop overlapping boxes by scores that fall with the overlap (soft non-maximum suppression).

    Bodla, Singh, Chellappa and Davis 2017, "Soft-NMS: Improving Object Detection With One Line of Code", equations 2
    and 3.  Like the original, it returns the scores as they were before they fell; ``MemberBoxes.fuse`` returns them
    lowered, which is what a ranking over pictures needs.

    Args:
        boxes: Per member (n, 4), xyxy in [0, 1]; arrays or lists.
        scores: Per member (n,).
        labels: Per member (n,), whole numbers.
        method: 1 linear, 2 Gaussian, 3 plain suppression (which is :func:`nms`).
        iou_thr: Overlap from which on the linear decay sets in.
        sigma: Width of the Gaussian decay.
        thresh: Boxes whose score falls to this or below go.
        weights: One per member, divided by their sum; 0 leaves the member out; None leaves the scores as they are.

    Returns:
        Boxes (n, 4), scores (n,) and labels (n,), float64, labels ascending, inside one by falling lowered score.

    Raises:
        ValueError: See the table of this module, or an unknown ``method``.
    """
    if method not in (1, 2, 3):
        raise ValueError(f'unknown method {method!r}; choose 1 (linear), 2 (Gaussian) or 3 (plain)')
    if method == kernels.PLAIN:
        return nms(boxes, scores, labels, iou_thr, weights)
    rows, shares = _shared_out(boxes, scores, labels, weights)
    decay = {'sigma': sigma, 'thresh': thresh, 'decay': method}
    fused = fuse_rows(rows, method='soft_nms', weights=shares, iou_thr=iou_thr, **decay)
    before = np.empty(len(fused.scores))
    kept = fused.clusters >= 0
    before[fused.clusters[kept]] = (rows.scores * shares[rows.members])[kept]
    return fused.boxes, before, fused.labels.astype(np.float64)


def _shared_out(boxes: Any, scores: Any, labels: Any, weights: Any) -> tuple[Rows, np.ndarray]:
    rows, numbers = _join(boxes, scores, labels, weights, -np.inf)
    return rows, numbers if weights is None else numbers / numbers.sum()


def _result(fused: Fused) -> Result:
    return fused.boxes, fused.scores, fused.labels.astype(np.float64)


def _join(
    boxes_list: Any, scores_list: Any, labels_list: Any, weights: Any, skip_box_thr: float
) -> tuple[Rows, np.ndarray]:
    """Put the members of one picture into rows, checked; also return the weights."""
    boxes = [np.asarray(part, np.float64).reshape(-1, 4) for part in boxes_list]
    scores = [np.asarray(part, np.float64).reshape(-1) for part in scores_list]
    labels = [np.asarray(part).reshape(-1).astype(np.int64) for part in labels_list]
    sizes = [[len(part) for part in parts] for parts in (boxes, scores, labels)]
    if not sizes[0] == sizes[1] == sizes[2]:
        raise ValueError(f'boxes, scores and labels have unlike lengths: {", ".join(map(str, sizes))}')
    members = np.repeat(np.arange(len(boxes)), sizes[0])
    joined = np.concatenate([np.empty((0, 4)), *boxes])
    together = np.concatenate([np.empty(0), *scores])
    if not (np.isfinite(joined).all() and np.isfinite(together).all()):
        raise ValueError('boxes and scores must be finite numbers')
    if joined.size and np.abs(joined).max() > _FAR_OUTSIDE:
        raise ValueError(f'boxes must be xyxy in [0, 1], not pixels: there is a coordinate {np.abs(joined).max():g}')
    weights = check_weights(weights, len(boxes))
    corners = tidy_boxes(joined)
    used = has_area(corners) & (together >= skip_box_thr) & (weights[members] > 0)
    starts = np.array([0, len(together)])
    rows = Rows(starts, corners, together, np.concatenate([np.empty(0, np.int64), *labels]), members, used)
    return rows, weights


def check_weights(weights: Sequence[float] | None, num_members: int) -> np.ndarray:
    """Return one weight per member.

    Args:
        weights: The weights; None for all alike.
        num_members: How many there must be.

    Raises:
        ValueError: Their number is wrong, one is no number from 0 on, or all are 0.
    """
    weights = np.ones(num_members) if weights is None else np.asarray(weights, np.float64).reshape(-1)
    if len(weights) != num_members:
        raise ValueError(f'{len(weights)} weights for {num_members} members; give one each')
    if not np.isfinite(weights).all() or (weights < 0).any() or (num_members and not weights.any()):
        raise ValueError(f'weights must be numbers from 0 on, not all 0, not {weights.tolist()}')
    return weights


def tidy_boxes(boxes: np.ndarray) -> np.ndarray:
    """Put the corners (N, 4), xyxy, into order and inside [0, 1]."""
    low, high = np.minimum(boxes[:, :2], boxes[:, 2:]), np.maximum(boxes[:, :2], boxes[:, 2:])
    return np.ascontiguousarray(np.hstack([low, high]).clip(0, 1))


def has_area(boxes: np.ndarray) -> np.ndarray:
    """Say (N,) which boxes (N, 4), xyxy, are not empty."""
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]) != 0
