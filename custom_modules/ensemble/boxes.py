"""The functions of ensemble-boxes, those that fuse hundreds of times as fast (benchmarks/wbf.md).

:func:`weighted_boxes_fusion`, :func:`non_maximum_weighted`, :func:`nms` and :func:`soft_nms` take what their namesakes
of the package ensemble-boxes (1.0.9) take and return what they return, to 1e-5, wherever those return finite numbers
without a complaint: scores above 1 and the rescaling with weights that do not add up to the number of members
included.  Boxes of equal score keep their input order (the original's order is that of its sort).

What is different:

==============================================  ===================================  ===========================
input                                           ensemble-boxes                       here
==============================================  ===================================  ===========================
weight 0                                        NaN, or boxes with a score of 0      that member is left out
all weights 0                                   NaN                                  ValueError
a weight that is negative, NaN or infinite      NaN, or numbers without a meaning    ValueError
another number of weights than of members       a printed line, all weights 1        ValueError
boxes, scores, labels of unlike lengths         exit(), or wrong pairs (nms)         ValueError
unknown ``conf_type``                           exit()                               ValueError
``method`` of soft_nms that is not 1, 2 or 3    plain suppression                    ValueError
``sigma`` 0                                     NaN                                  ValueError
NaN or infinite coordinates, scores, labels     NaN                                  ValueError
coordinates in pixels (any beyond 2)            a complaint, cut to 1                ValueError
coordinates a little outside [0, 1]             a complaint, cut                     cut
corners in the wrong order                      a complaint (wbf), swapped           swapped
boxes without area                              a complaint, left out                left out
no box at all                                   ValueError of numpy (nms, soft_nms)  empty arrays
scores of a cluster that are all 0              NaN                                  its first box, score 0
equal scores                                    any order                            input order
whole-number scores (nms, soft_nms)             cut to whole numbers when lowered    numbers like any other
labels that are no whole numbers                cut (wbf, nmw), or classes of their  cut
                                                own (nms, soft_nms)
labels above 2 ** 24                            rounded (wbf, nmw)                   exact
the caller's lists                              ``scores`` overwritten (nms)         never changed
==============================================  ===================================  ===========================
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from custom_modules.utils.jit import kernel

from .fusing import CONF_TYPES, Fused, Rows, fuse_rows, weighted_scores
from .suppression_kernels import PLAIN

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
    rows, numbers, names = _join(boxes_list, scores_list, labels_list, weights, skip_box_thr)
    options = {'conf_type': conf_type, 'allows_overflow': allows_overflow}
    return _result(fuse_rows(rows, method='wbf', weights=numbers, iou_thr=iou_thr, **options), names)


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
    rows, numbers, names = _join(boxes_list, scores_list, labels_list, weights, skip_box_thr)
    return _result(fuse_rows(rows, method='nmw', weights=numbers, iou_thr=iou_thr), names)


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
    rows, numbers, names = _join(boxes, scores, labels, weights)
    rows = replace(rows, single=_all_single(boxes))
    return _result(fuse_rows(rows, method='nms', weights=numbers, iou_thr=iou_thr), names)


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
    if not sigma:
        raise ValueError('sigma must not be 0')
    if method == PLAIN:
        return nms(boxes, scores, labels, iou_thr, weights)
    rows, numbers, names = _join(boxes, scores, labels, weights)
    rows = replace(rows, single=numbers is None and _all_single(scores))
    options = {'sigma': sigma, 'thresh': thresh, 'decay': method}
    fused = fuse_rows(rows, method='soft_nms', weights=numbers, iou_thr=iou_thr, **options)
    kept = fused.clusters >= 0
    before = np.empty(len(fused.scores))
    before[fused.clusters[kept]] = weighted_scores(rows, 'soft_nms', numbers)[kept]
    return _result(replace(fused, scores=before), names)


def _result(fused: Fused, names: np.ndarray) -> Result:
    return fused.boxes, fused.scores, names[fused.labels].astype(np.float64)


def _all_single(parts: Sequence[Any]) -> bool:
    return all(np.asarray(part).dtype == np.float32 for part in parts)


def _join(
    boxes_list: Sequence[Any],
    scores_list: Sequence[Any],
    labels_list: Sequence[Any],
    weights: Sequence[float] | None,
    skip_box_thr: float = -np.inf,
) -> tuple[Rows, np.ndarray | None, np.ndarray]:
    """Check the members of one picture and put them into rows.

    Returns:
        The rows, with labels numbered from 0 on; the weights; and the label of each number.
    """
    boxes = [np.asarray(part).reshape(-1, 4) for part in boxes_list]
    scores = [np.asarray(part).reshape(-1) for part in scores_list]
    labels = [np.asarray(part).reshape(-1) for part in labels_list]
    sizes = [[len(part) for part in parts] for parts in (boxes, scores, labels)]
    if not sizes[0] == sizes[1] == sizes[2]:
        raise ValueError(f'boxes, scores and labels have unlike lengths: {", ".join(map(str, sizes))}')
    numbers = None if weights is None else check_weights(weights, len(boxes))
    corners, values = _stack(boxes, (0, 4)), _stack(scores, 0)
    names, numbered = _number_labels(_stack(labels, 0))
    furthest = np.abs(corners).max(initial=0)
    if not (np.isfinite(furthest) and np.isfinite(values).all()):
        raise ValueError('boxes and scores must be finite numbers')
    if furthest > _FAR_OUTSIDE:
        raise ValueError(f'boxes must be xyxy in [0, 1], not pixels: there is a coordinate {furthest:g}')
    corners = tidy_boxes(corners)
    # Compared one by one: single precision scores are compared in single precision, as in the original.
    above = np.concatenate([np.empty(0, bool), *(part >= skip_box_thr for part in scores)])
    rows = Rows(
        starts=np.array([0, len(values)]),
        boxes=corners,
        scores=values,
        labels=numbered,
        members=np.repeat(np.arange(len(boxes)), sizes[0]),
        num_members=len(boxes),
        used=above & has_area(corners),
    )
    return rows, numbers, names


def _stack(parts: list[np.ndarray], shape: tuple[int, ...] | int) -> np.ndarray:
    return np.concatenate([np.empty(shape), *parts])


def _number_labels(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the labels that occur or lie between them, ascending, and the position there of each label."""
    if not np.isfinite(labels).all():
        raise ValueError('labels must be finite numbers')
    labels = labels.astype(np.int64)
    first, last = int(labels.min(initial=0)), int(labels.max(initial=0))
    if last - first < len(labels) + 256:
        return np.arange(first, last + 1), labels - first
    return np.unique(labels, return_inverse=True)


def check_weights(weights: Sequence[float], num_members: int) -> np.ndarray:
    """Return one weight per member.

    Args:
        weights: The weights.
        num_members: How many there must be.

    Raises:
        ValueError: Their number is wrong, one is no number from 0 on, or all are 0.
    """
    weights = np.asarray(weights, np.float64).reshape(-1)
    if len(weights) != num_members:
        raise ValueError(f'{len(weights)} weights for {num_members} members; give one each')
    if not np.isfinite(weights).all() or (weights < 0).any() or (num_members and not weights.any()):
        raise ValueError(f'weights must be numbers from 0 on, not all 0, not {weights.tolist()}')
    return weights


def tidy_boxes(boxes: np.ndarray) -> np.ndarray:
    """Put the corners (N, 4), xyxy, into order and inside [0, 1]."""
    tidy = np.empty((len(boxes), 4))
    _tidy_boxes(np.ascontiguousarray(boxes, np.float64), tidy)
    return tidy


@kernel
def _tidy_boxes(boxes, tidy):
    for row in range(len(boxes)):
        for side in range(2):
            one, other = boxes[row, side], boxes[row, side + 2]
            tidy[row, side] = min(max(min(one, other), 0.0), 1.0)
            tidy[row, side + 2] = min(max(max(one, other), 0.0), 1.0)


def has_area(boxes: np.ndarray) -> np.ndarray:
    """Say (N,) which boxes (N, 4), xyxy, are not empty."""
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]) != 0
