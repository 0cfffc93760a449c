"""Compiled non-maximum suppression, plain and soft, of many pictures.

Arguments are those of :mod:`.fusion_kernels`, but the results of a picture come label by label, ascending.  ``single``
says that the caller's numbers are of single precision: the original computes in the precision of its input.
"""

import math

import numpy as np

from custom_modules.utils.jit import kernel

from .ordering import group_by_label, largest_picture, order_by_label

LINEAR, GAUSSIAN, PLAIN = 1, 2, 3


@kernel
def non_maximum_suppression(
    first, last, starts, boxes, scores, labels, used, num_labels, iou_thr, single,
    boxes_out, scores_out, labels_out, clusters, counts,
):  # fmt: skip
    """Keep the best of overlapping boxes of pictures ``first`` to ``last``, inside a label best first.

    A box that is suppressed goes into the cluster of the best box that does so.
    """
    room = largest_picture(first, last, starts)
    order, kept = np.empty(room, np.int64), np.empty(room, np.int64)
    ends = np.empty(num_labels, np.int64)
    for picture in range(first, last):
        start, stop = starts[picture], starts[picture + 1]
        order_by_label(labels, scores, used, start, stop, order, kept, ends)
        count = position = 0
        for label in range(num_labels):
            begin = count
            while position < ends[label]:
                row = order[position]
                position += 1
                found = begin
                while found < count and not _overlap(boxes, kept[found], row, single) > iou_thr:
                    found += 1
                clusters[row] = found
                if found == count:
                    kept[count] = row
                    count += 1
        for place in range(count):
            _copy(boxes, kept[place], scores[kept[place]], labels, start + place, boxes_out, scores_out, labels_out)
        counts[picture] = count


@kernel
def soft_nms(
    first, last, starts, boxes, scores, labels, used, num_labels, iou_thr, single, sigma, thresh, method,
    boxes_out, scores_out, labels_out, clusters, counts,
):  # fmt: skip
    """Lower scores by the overlap with better boxes (Bodla et al. 2017, Soft-NMS, equations 2 and 3).

    ``scores_out`` are the lowered scores, inside a label falling; boxes whose score is lowered to ``thresh`` go.

    Args:
        sigma: Width of the Gaussian.
        thresh: Scores must be above.
        method: ``LINEAR``, ``GAUSSIAN``, or any other number for the plain one.
    """
    room = largest_picture(first, last, starts)
    order, lowered, corners = np.empty(room, np.int64), np.empty(room), np.empty((5, room))
    ends = np.empty(num_labels, np.int64)
    for picture in range(first, last):
        start, stop = starts[picture], starts[picture + 1]
        total = group_by_label(labels, used, start, stop, order, ends)
        for position in range(total):
            row = order[position]
            lowered[position] = scores[row]
            for side in range(4):
                corners[side, position] = boxes[row, side]
            corners[4, position] = _area(boxes, row)
        count = begin = 0
        for label in range(num_labels):
            _lower(corners, order, lowered, begin, ends[label], iou_thr, single, sigma, thresh, method)
            for position in range(begin, ends[label]):
                if lowered[position] > thresh:
                    row = order[position]
                    _copy(boxes, row, lowered[position], labels, start + count, boxes_out, scores_out, labels_out)
                    clusters[row] = count
                    count += 1
            begin = ends[label]
        counts[picture] = count


@kernel
def _lower(corners, order, lowered, begin, end, iou_thr, single, sigma, thresh, method):
    """Sort the boxes ``begin`` to ``end`` of one label by falling score, each lowering those after it.

    What has fallen to the threshold is left as it is: it goes anyway, and lowering it on ends in the slow arithmetic of
    the smallest numbers.
    """
    floor = thresh if thresh >= 0 and sigma > 0 else -np.inf
    best = _highest(lowered, begin, end)
    for position in range(begin, end):
        # The best one changes places with the one here, as in the original: so equal scores come in its order.
        order[position], order[best] = order[best], order[position]
        lowered[position], lowered[best] = lowered[best], lowered[position]
        for side in range(5):
            corners[side, position], corners[side, best] = corners[side, best], corners[side, position]
        if lowered[position] <= floor:
            return
        left, top, right, bottom = (
            corners[0, position],
            corners[1, position],
            corners[2, position],
            corners[3, position],
        )
        area, best, highest = corners[4, position], position + 1, -np.inf
        for later in range(position + 1, end):
            score = lowered[later]
            width = min(corners[2, later], right) - max(corners[0, later], left)
            height = min(corners[3, later], bottom) - max(corners[1, later], top)
            inner = max(width, 0.0) * max(height, 0.0)
            if (inner > 0.0 and score > floor) or iou_thr < 0:
                score *= _factor(inner / (area + corners[4, later] - inner), iou_thr, sigma, method)
                score = np.float64(np.float32(score)) if single else score
                lowered[later] = score
            if score > highest:
                best, highest = later, score


@kernel
def _highest(values, begin, end):
    best = begin
    for position in range(begin + 1, end):
        if values[position] > values[best]:
            best = position
    return best


@kernel
def _factor(iou, iou_thr, sigma, method):
    """Give what a score is multiplied by."""
    if method == GAUSSIAN:
        return math.exp(-(iou * iou) / sigma)
    if iou > iou_thr:
        return 1 - iou if method == LINEAR else 0.0
    return 1.0


@kernel
def _overlap(boxes, one, other, single):
    """Return the IoU of two rows of ``boxes``."""
    width = min(boxes[one, 2], boxes[other, 2]) - max(boxes[one, 0], boxes[other, 0])
    if width <= 0.0:
        return 0.0
    height = min(boxes[one, 3], boxes[other, 3]) - max(boxes[one, 1], boxes[other, 1])
    if height <= 0.0:
        return 0.0
    if single:
        inner = np.float64(np.float32(width)) * np.float64(np.float32(height))
        both = np.float64(np.float32(_area_single(boxes, one) + _area_single(boxes, other)))
        return inner / (both - inner)
    inner = width * height
    return inner / (_area(boxes, one) + _area(boxes, other) - inner)


@kernel
def _area(boxes, row):
    return (boxes[row, 2] - boxes[row, 0]) * (boxes[row, 3] - boxes[row, 1])


@kernel
def _area_single(boxes, row):
    width, height = np.float32(boxes[row, 2] - boxes[row, 0]), np.float32(boxes[row, 3] - boxes[row, 1])
    return np.float32(width * height)


@kernel
def _copy(boxes, row, score, labels, place, boxes_out, scores_out, labels_out):
    for side in range(4):
        boxes_out[place, side] = boxes[row, side]
    scores_out[place] = score
    labels_out[place] = labels[row]
