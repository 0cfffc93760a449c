"""Compiled fusion of the boxes of many pictures.

All functions take the boxes of all pictures one after the other: ``starts`` (I + 1) says where those of each picture
begin.  Inside a picture boxes stand in input order, member after member; equal scores keep that order.  Boxes are
xyxy in [0, 1], scores are multiplied by the members' weights already, and ``used`` says which boxes take part.

Every function fills ``boxes_out``, ``scores_out`` and ``labels_out`` (as long as the input) from each picture's start
on, and ``cluster_out`` with the number that an input box's result has in its picture, -1 for none; ``counts`` (I) says
how many results each picture has.
"""

import numpy as np

from custom_modules.utils.jit import kernel

AVG, MAX, BOX_AND_MODEL_AVG, ABSENT_MODEL_AWARE_AVG = range(4)
LINEAR, GAUSSIAN, PLAIN = 1, 2, 3


@kernel
def _iou(ax1, ay1, ax2, ay2, bx1, by1, bx2, by2):
    width, height = min(ax2, bx2) - max(ax1, bx1), min(ay2, by2) - max(ay1, by1)
    if width <= 0 or height <= 0:
        return 0.0
    inner = width * height
    return inner / ((ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - inner)


@kernel
def _descending(keys):
    """Order of falling keys; equal ones stay in their order."""
    return np.argsort(-keys, kind='mergesort')


@kernel
def _in_turn(labels, scores, used):
    """Order of the used boxes: labels as they first appear, falling scores within one."""
    count = 0
    rows = np.empty(len(labels), np.int64)
    for row in range(len(labels)):
        if used[row]:
            rows[count] = row
            count += 1
    rows = rows[:count]
    order = rows[_descending(scores[rows])]
    result, taken = np.empty(count, np.int64), np.zeros(len(labels), np.bool_)
    filled = 0
    for row in rows:
        if taken[row]:
            continue
        for other in order:
            if labels[other] == labels[row]:
                result[filled] = other
                taken[other] = True
                filled += 1
    return result


@kernel
def _best_match(found, first, count, x1, y1, x2, y2, iou_thr):
    """Find the first of the best boxes among ``found[first:count]`` above the threshold, or -1."""
    best, index = iou_thr, -1
    for other in range(first, count):
        iou = _iou(found[other, 0], found[other, 1], found[other, 2], found[other, 3], x1, y1, x2, y2)
        if iou > best:
            best, index = iou, other
    return index


@kernel
def _write(boxes, scores, labels, order, start, boxes_out, scores_out, labels_out, cluster, cluster_out):
    """Put results into the output in the given order and number the clusters by it."""
    place = np.empty(len(order), np.int64)
    for rank in range(len(order)):
        index = order[rank]
        boxes_out[start + rank] = boxes[index]
        scores_out[start + rank] = scores[index]
        labels_out[start + rank] = labels[index]
        place[index] = rank
    for row in range(len(cluster)):
        cluster_out[start + row] = place[cluster[row]] if cluster[row] >= 0 else -1


@kernel
def _confidence(total, top, count, weight, present, absent, members, weight_sum, weight_max, conf_type, overflow):
    """Score of a cluster: of ``count`` boxes with scores adding up to ``total``, at most ``top``."""
    if count > 1:  # the original keeps fused boxes in single precision
        top, weight = np.float64(np.float32(top)), np.float64(np.float32(weight))
        mean = np.float64(np.float32(total / count))
    else:
        mean = total
    if conf_type == MAX:
        return top / weight_max
    if conf_type == BOX_AND_MODEL_AVG:
        return mean * count / weight * present / weight_sum
    if conf_type == ABSENT_MODEL_AWARE_AVG:
        return mean * count / (weight + absent)
    return mean * (count if overflow else min(members, count)) / weight_sum


@kernel
def weighted_boxes_fusion(
    first, last, starts, boxes, scores, labels, members, used, weights, iou_thr, conf_type, overflow,
    boxes_out, scores_out, labels_out, cluster_out, counts,
):  # fmt: skip
    """Fuse pictures ``first`` to ``last`` by weighted boxes fusion (Solovyev et al. 2021, section 3).

    Args:
        weights: (M,) above 0, of the members that take part.
        conf_type: One of the constants above.
        overflow: Whether ``avg`` may count more boxes than there are members.
    """
    weight_sum, weight_max = weights.sum(), weights.max()
    for picture in range(first, last):
        start, stop = starts[picture], starts[picture + 1]
        order = _in_turn(labels[start:stop], scores[start:stop], used[start:stop])
        room = len(order)
        fused, sums = np.empty((room, 4)), np.empty((room, 4), np.float32)
        totals, tops, amounts = np.empty(room), np.empty(room), np.zeros(room, np.int64)
        weight_of, present = np.empty(room), np.zeros((room, len(weights)), np.bool_)
        fused_labels, cluster = np.empty(room, np.int64), np.full(stop - start, -1)
        count = begin = 0
        for position in range(room):
            row = start + order[position]
            if position == 0 or labels[row] != labels[start + order[position - 1]]:
                begin = count
            x1, y1, x2, y2 = boxes[row, 0], boxes[row, 1], boxes[row, 2], boxes[row, 3]
            score, weight = scores[row], weights[members[row]]
            index = _best_match(fused, begin, count, x1, y1, x2, y2, iou_thr)
            if index < 0:
                index = count
                count += 1
                fused[index] = boxes[row]
                for side in range(4):  # running sums in single precision, as in the original
                    sums[index, side] = np.float32(score * boxes[row, side])
                totals[index], tops[index], weight_of[index] = score, score, weight
                fused_labels[index] = labels[row]
            else:
                totals[index] += score
                tops[index] = max(tops[index], score)
                weight_of[index] += weight
                for side in range(4):
                    sums[index, side] = np.float32(np.float64(sums[index, side]) + score * boxes[row, side])
                    fused[index, side] = np.float64(np.float32(np.float64(sums[index, side]) / totals[index]))
            amounts[index] += 1
            present[index, members[row]] = True
            cluster[order[position]] = index
        result = np.empty(count)
        for index in range(count):
            here = there = 0.0
            for member in range(len(weights)):
                if present[index, member]:
                    here += weights[member]
                else:
                    there += weights[member]
            result[index] = _confidence(
                totals[index], tops[index], amounts[index], weight_of[index], here, there, len(weights), weight_sum,
                weight_max, conf_type, overflow,
            )  # fmt: skip
        best_first = _descending(result)
        _write(fused, result, fused_labels, best_first, start, boxes_out, scores_out, labels_out, cluster, cluster_out)
        counts[picture] = count


@kernel
def non_maximum_weighted(
    first, last, starts, boxes, scores, labels, used, iou_thr, boxes_out, scores_out, labels_out, cluster_out, counts
):
    """Fuse pictures ``first`` to ``last``: each box joins the best box it overlaps, weighted by score and IoU with it.

    Non-maximum weighting (Zhou et al. 2017, CAD: Scale Invariant Framework for Real-Time Object Detection).
    """
    for picture in range(first, last):
        start, stop = starts[picture], starts[picture + 1]
        order = _in_turn(labels[start:stop], scores[start:stop], used[start:stop])
        room = len(order)
        main, sums, totals = np.empty((room, 4)), np.zeros((room, 4), np.float32), np.zeros(room)
        result, main_labels, cluster = np.empty(room), np.empty(room, np.int64), np.full(stop - start, -1)
        count = begin = 0
        for position in range(room):
            row = start + order[position]
            if position == 0 or labels[row] != labels[start + order[position - 1]]:
                begin = count
            x1, y1, x2, y2 = boxes[row, 0], boxes[row, 1], boxes[row, 2], boxes[row, 3]
            index = _best_match(main, begin, count, x1, y1, x2, y2, iou_thr)
            if index < 0:
                index = count
                count += 1
                main[index] = boxes[row]
                result[index] = np.float64(np.float32(scores[row]))
                main_labels[index] = labels[row]
            iou = _iou(x1, y1, x2, y2, main[index, 0], main[index, 1], main[index, 2], main[index, 3])
            weight = scores[row] * iou
            totals[index] += weight
            for side in range(4):
                sums[index, side] = np.float32(np.float64(sums[index, side]) + weight * boxes[row, side])
            cluster[order[position]] = index
        fused = np.empty((count, 4))
        for index in range(count):
            for side in range(4):
                total = totals[index]
                # A best score of 0 leaves nothing to weight with.
                fused[index, side] = np.float32(np.float64(sums[index, side]) / total) if total else main[index, side]
        order = _descending(result[:count])
        _write(fused, result, main_labels, order, start, boxes_out, scores_out, labels_out, cluster, cluster_out)
        counts[picture] = count


@kernel
def non_maximum_suppression(
    first, last, starts, boxes, scores, labels, used, iou_thr, boxes_out, scores_out, labels_out, cluster_out, counts
):
    """Keep the best of overlapping boxes of pictures ``first`` to ``last``, labels ascending; others go with it."""
    for picture in range(first, last):
        start, stop = starts[picture], starts[picture + 1]
        order = _in_turn(labels[start:stop], scores[start:stop], used[start:stop])
        order = order[np.argsort(labels[start + order], kind='mergesort')]
        cluster, count = np.full(stop - start, -1), 0
        for position in range(len(order)):
            if cluster[order[position]] >= 0:
                continue
            row = start + order[position]
            cluster[order[position]] = count
            boxes_out[start + count] = boxes[row]
            scores_out[start + count] = scores[row]
            labels_out[start + count] = labels[row]
            for later in range(position + 1, len(order)):
                other = start + order[later]
                if labels[other] != labels[row]:
                    break
                if cluster[order[later]] < 0 and _iou(
                    boxes[row, 0], boxes[row, 1], boxes[row, 2], boxes[row, 3],
                    boxes[other, 0], boxes[other, 1], boxes[other, 2], boxes[other, 3],
                ) > iou_thr:  # fmt: skip
                    cluster[order[later]] = count
            count += 1
        cluster_out[start:stop] = cluster
        counts[picture] = count


@kernel
def _decay(iou, iou_thr, sigma, method):
    if method == GAUSSIAN:
        return np.exp(-(iou * iou) / sigma)
    if iou > iou_thr:
        return 1 - iou if method == LINEAR else 0.0
    return 1.0


@kernel
def soft_nms(
    first, last, starts, boxes, scores, labels, used, iou_thr, sigma, thresh, method,
    boxes_out, scores_out, labels_out, cluster_out, counts,
):  # fmt: skip
    """Lower the scores of boxes that overlap better ones (Bodla et al. 2017, Soft-NMS, equations 2 and 3).

    ``scores_out`` are the lowered scores; boxes whose score falls to ``thresh`` go.  Labels ascending.
    """
    for picture in range(first, last):
        start, stop = starts[picture], starts[picture + 1]
        rows = np.flatnonzero(used[start:stop])
        rows = rows[np.argsort(labels[start + rows], kind='mergesort')]
        cluster, count, begin = np.full(stop - start, -1), 0, 0
        lowered = scores[start + rows]
        while begin < len(rows):
            label, end = labels[start + rows[begin]], begin
            while end < len(rows) and labels[start + rows[end]] == label:
                end += 1
            for position in range(begin, end):
                best = position  # exchanged with the box in its place, as in the original: the order decides ties
                for later in range(position + 1, end):
                    if lowered[later] > lowered[best]:
                        best = later
                rows[position], rows[best] = rows[best], rows[position]
                lowered[position], lowered[best] = lowered[best], lowered[position]
                row = start + rows[position]
                for later in range(position + 1, end):
                    other = start + rows[later]
                    iou = _iou(
                        boxes[row, 0], boxes[row, 1], boxes[row, 2], boxes[row, 3],
                        boxes[other, 0], boxes[other, 1], boxes[other, 2], boxes[other, 3],
                    )  # fmt: skip
                    lowered[later] *= _decay(iou, iou_thr, sigma, method)
            for position in range(begin, end):
                if lowered[position] > thresh:
                    row = start + rows[position]
                    boxes_out[start + count] = boxes[row]
                    scores_out[start + count] = lowered[position]
                    labels_out[start + count] = label
                    cluster[rows[position]] = count
                    count += 1
            begin = end
        cluster_out[start:stop] = cluster
        counts[picture] = count
