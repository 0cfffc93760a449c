"""Compiled weighted boxes fusion and non-maximum weighting of many pictures.

The boxes of all pictures stand one after the other, ``starts`` (I + 1) says where those of each begin: ``boxes`` (N, 4)
xyxy in [0, 1], ``scores`` (N,) multiplied by the weights already, ``labels`` (N,) from 0 to K - 1, and ``used`` (N,)
says which take part.  The results of a picture are written to ``boxes_out``, ``scores_out`` and ``labels_out`` (as long
as the input) from the picture's start on, best first, equal ones in the order of their best boxes in the input;
``clusters`` (N,), -1 before, receives the number of each box's result in its picture, and ``counts`` (I,) how many
results there are.
"""

import numpy as np

from custom_modules.utils.jit import kernel

from .ordering import largest_picture, order_by_label, sort_falling

AVG, MAX, BOX_AND_MODEL_AVG, ABSENT_MODEL_AWARE_AVG = range(4)


@kernel
def weighted_boxes_fusion(
    first, last, starts, boxes, scores, labels, used, members, weights, num_labels, iou_thr, conf_type, overflow,
    boxes_out, scores_out, labels_out, clusters, counts,
):  # fmt: skip
    """Let each box join the average it overlaps most (Solovyev et al. 2021, section 3), in pictures first to last.

    Args:
        members: (N,) int64, the member each box is of.
        weights: (M,), above 0, of the members that take part.
        conf_type: One of the constants above.
        overflow: Whether ``AVG`` may count more boxes than there are members.
    """
    room = largest_picture(first, last, starts)
    order, spare, ends = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(num_labels, np.int64)
    corners, best_rows, results = np.empty((5, room)), np.empty(room, np.int64), np.empty(room)
    sums, totals, amounts = np.empty((room, 4), np.float32), np.empty(room), np.empty(room, np.int64)
    weight_of, present = np.empty(room), np.zeros((room, len(weights)), np.bool_)
    for picture in range(first, last):
        start, stop = starts[picture], starts[picture + 1]
        order_by_label(labels, scores, used, start, stop, order, spare, ends)
        count = position = 0
        for label in range(num_labels):
            begin = count
            while position < ends[label]:
                row = order[position]
                position += 1
                score = scores[row]
                found = _best_match(corners, begin, count, boxes, row, iou_thr)
                if found < 0:
                    found = count
                    count += 1
                    _place(corners, found, boxes, row)
                    for side in range(4):  # running sums in single precision are part of the original's result
                        sums[found, side] = np.float32(score * boxes[row, side])
                    best_rows[found], amounts[found] = row, 1
                    totals[found], weight_of[found] = score, weights[members[row]]
                    for member in range(len(weights)):
                        present[found, member] = False
                else:
                    amounts[found] += 1
                    totals[found] += score
                    weight_of[found] += weights[members[row]]
                    for side in range(4):
                        sums[found, side] = np.float32(np.float64(sums[found, side]) + score * boxes[row, side])
                    if totals[found] != 0.0:  # scores of 0 leave nothing to weight with: the first box stays
                        _place_average(corners, found, sums, totals[found])
                present[found, members[row]] = True
                clusters[row] = found
        for found in range(count):
            results[found] = _confidence(
                totals[found], scores[best_rows[found]], amounts[found], weight_of[found],
                present, found, weights, conf_type, overflow,
            )  # fmt: skip
        counts[picture] = count
        _write(
            start, stop, count, corners, results, labels, best_rows, order, spare,
            boxes_out, scores_out, labels_out, clusters,
        )  # fmt: skip


@kernel
def non_maximum_weighted(
    first, last, starts, boxes, scores, labels, used, num_labels, iou_thr,
    boxes_out, scores_out, labels_out, clusters, counts,
):  # fmt: skip
    """Fuse pictures ``first`` to ``last``: each box joins the best box it overlaps most, weighted by score and IoU.

    Non-maximum weighting (Zhou et al. 2017, CAD: Scale Invariant Framework for Real-Time Object Detection).
    """
    room = largest_picture(first, last, starts)
    order, spare, ends = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(num_labels, np.int64)
    corners, best_rows, results = np.empty((5, room)), np.empty(room, np.int64), np.empty(room)
    sums, totals = np.empty((room, 4), np.float32), np.empty(room)
    for picture in range(first, last):
        start, stop = starts[picture], starts[picture + 1]
        order_by_label(labels, scores, used, start, stop, order, spare, ends)
        count = position = 0
        for label in range(num_labels):
            begin = count
            while position < ends[label]:
                row = order[position]
                position += 1
                found = _best_match(corners, begin, count, boxes, row, iou_thr)
                if found < 0:
                    found = count
                    count += 1
                    _place(corners, found, boxes, row)
                    totals[found] = 0.0
                    for side in range(4):
                        sums[found, side] = 0.0
                    best_rows[found], results[found] = row, np.float32(scores[row])
                weight = scores[row] * _iou(corners, found, boxes, row)
                totals[found] += weight
                for side in range(4):
                    sums[found, side] = np.float32(np.float64(sums[found, side]) + weight * boxes[row, side])
                clusters[row] = found
        for found in range(count):
            if totals[found] != 0.0:
                _place_average(corners, found, sums, totals[found])
        counts[picture] = count
        _write(
            start, stop, count, corners, results, labels, best_rows, order, spare,
            boxes_out, scores_out, labels_out, clusters,
        )  # fmt: skip


@kernel
def _place(corners, found, boxes, row):
    """Set column ``found`` of ``corners`` (5, n) to a box: x1, y1, x2, y2 and area."""
    for side in range(4):
        corners[side, found] = boxes[row, side]
    corners[4, found] = (corners[2, found] - corners[0, found]) * (corners[3, found] - corners[1, found])


@kernel
def _place_average(corners, found, sums, total):
    """Set column ``found`` to sums over total, in single precision as in the original."""
    for side in range(4):
        corners[side, found] = np.float32(np.float64(sums[found, side]) / total)
    corners[4, found] = (corners[2, found] - corners[0, found]) * (corners[3, found] - corners[1, found])


@kernel
def _best_match(corners, begin, count, boxes, row, iou_thr):
    """Return the first of the columns ``begin`` to ``count`` that overlap a box most, above the threshold, or -1."""
    left, top, right, bottom = boxes[row, 0], boxes[row, 1], boxes[row, 2], boxes[row, 3]
    area = (right - left) * (bottom - top)
    best, index = iou_thr, -1
    for other in range(begin, count):
        width = min(corners[2, other], right) - max(corners[0, other], left)
        height = min(corners[3, other], bottom) - max(corners[1, other], top)
        inner = max(width, 0.0) * max(height, 0.0)
        union = corners[4, other] + area - inner
        # Divisions are slow: only for what is not clearly worse; 0 can be better than a threshold below 0.
        if inner < best * union * (1 - 1e-9) or (inner == 0.0 and best >= 0.0):
            continue
        iou = inner / union
        if iou > best:
            best, index = iou, other
    return index


@kernel
def _iou(corners, found, boxes, row):
    width = min(corners[2, found], boxes[row, 2]) - max(corners[0, found], boxes[row, 0])
    height = min(corners[3, found], boxes[row, 3]) - max(corners[1, found], boxes[row, 1])
    inner = width * height if width > 0 and height > 0 else 0.0
    return inner / ((boxes[row, 2] - boxes[row, 0]) * (boxes[row, 3] - boxes[row, 1]) + corners[4, found] - inner)


@kernel
def _confidence(total, top, count, weight, present, found, weights, conf_type, overflow):
    """Give the score of ``count`` boxes, whose scores add up to ``total`` and are ``top`` at most, of some members."""
    mean = total / count
    if count > 1:  # the original keeps averages in single precision, single boxes in double
        top, mean, weight = np.float64(np.float32(top)), np.float64(np.float32(mean)), np.float64(np.float32(weight))
    if conf_type == MAX:
        return top / weights.max()
    if conf_type == AVG:
        return mean * (count if overflow else min(len(weights), count)) / weights.sum()
    here = there = 0.0
    for member in range(len(weights)):
        if present[found, member]:
            here += weights[member]
        else:
            there += weights[member]
    if conf_type == BOX_AND_MODEL_AVG:
        return mean * count / weight * here / weights.sum()
    return mean * count / (weight + there)


@kernel
def _write(
    start, stop, count, corners, results, labels, best_rows, order, spare,
    boxes_out, scores_out, labels_out, clusters,
):  # fmt: skip
    """Put the results of a picture in order, write them, and number ``clusters`` by it."""
    position = 0
    for row in range(start, stop):
        if clusters[row] >= 0 and best_rows[clusters[row]] == row:
            order[position] = clusters[row]
            position += 1
    sort_falling(results, order, spare, 0, count)
    for place in range(count):
        found = order[place]
        for side in range(4):
            boxes_out[start + place, side] = corners[side, found]
        scores_out[start + place] = results[found]
        labels_out[start + place] = labels[best_rows[found]]
        spare[found] = place
    for row in range(start, stop):
        if clusters[row] >= 0:
            clusters[row] = spare[clusters[row]]
