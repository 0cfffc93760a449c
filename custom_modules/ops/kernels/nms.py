"""Greedy suppression of overlapping boxes on the CPU.

Arithmetic stays in the boxes' own precision and in the compiled operator's
order, so that a box on the threshold falls on the same side.
"""

import math

import numpy as np

from custom_modules.utils.jit import kernel


@kernel
def suppress(boxes, areas, iou_thr, offset, strict, owner):
    """Assign every box to the first better box that overlaps it too much.

    Args:
        boxes: (4, N) rows x1, y1, x2, y2, best box first.
        areas: (N,).
        iou_thr: Overlap above which a box is suppressed.
        offset: Added to every width and height, in the boxes' precision.
        strict: Whether an overlap equal to ``iou_thr`` is spared.
        owner: (N,) int64 output: position of the suppressing box, the box's
            own position if it is kept; -1 everywhere on entry.
    """
    x1, y1, x2, y2 = boxes[0], boxes[1], boxes[2], boxes[3]
    zero = boxes.dtype.type(0)
    num_boxes = len(areas)
    hit = np.zeros(num_boxes, np.uint8)
    for i in range(num_boxes):
        if owner[i] >= 0:
            continue
        owner[i] = i
        left, top, right, bottom, area = x1[i], y1[i], x2[i], y2[i], areas[i]
        for j in range(i + 1, num_boxes):
            width = max(min(right, x2[j]) - max(left, x1[j]) + offset, zero)
            height = max(min(bottom, y2[j]) - max(top, y1[j]) + offset, zero)
            overlap = width * height
            iou = overlap / (area + areas[j] - overlap)
            hit[j] = iou > iou_thr if strict else iou >= iou_thr
        for j in range(i + 1, num_boxes):
            if hit[j] and owner[j] < 0:
                owner[j] = i


@kernel
def soft_suppress(boxes, scores, areas, index, dets, iou_thr, sigma, min_score, method, offset):
    """Decay the scores of overlapping boxes instead of dropping them (Soft-NMS).

    The unordered boxes are worked on in place: the best of the rest moves to
    the front, boxes whose score falls below ``min_score`` are overwritten by
    the last one.

    Args:
        boxes: (4, N) rows x1, y1, x2, y2; overwritten.
        scores, areas: (N,); overwritten.
        index: (N,) int64, the boxes' numbers; reordered with them.
        dets: (N, 5) output, the kept boxes and their final scores.
        iou_thr: Overlap from which methods 0 and 1 act.
        sigma: Width of the Gaussian decay.
        min_score: Score below which a box is discarded.
        method: 0 drop, 1 linear decay, 2 Gaussian decay.
        offset: Added to every width and height, in the boxes' precision.

    Returns:
        Number of boxes kept.
    """
    x1, y1, x2, y2 = boxes[0], boxes[1], boxes[2], boxes[3]
    zero, one = boxes.dtype.type(0), boxes.dtype.type(1)
    num_boxes = len(scores)
    best = 0
    for j in range(1, num_boxes):
        if scores[best] < scores[j]:
            best = j
    i = 0
    while i < num_boxes:
        for row in range(4):
            dets[i, row] = boxes[row, best]
            boxes[row, best] = boxes[row, i]
        dets[i, 4] = scores[best]
        left, top, right, bottom, area = dets[i, 0], dets[i, 1], dets[i, 2], dets[i, 3], areas[best]
        scores[best], areas[best] = scores[i], areas[i]
        index[best], index[i] = index[i], index[best]
        i += 1
        for j in range(i, num_boxes):
            width = max(min(right, x2[j]) - max(left, x1[j]) + offset, zero)
            height = max(min(bottom, y2[j]) - max(top, y1[j]) + offset, zero)
            overlap = width * height
            iou = overlap / (area + areas[j] - overlap)
            if method == 2:
                if iou != 0:  # the factor would be exactly 1
                    scores[j] *= math.exp(-(iou * iou) / sigma)
            elif iou >= iou_thr:
                scores[j] *= zero if method == 0 else one - iou
        best = i
        j = i
        while j < num_boxes:
            if scores[j] < min_score:
                num_boxes -= 1
                boxes[:, j] = boxes[:, num_boxes]
                scores[j], areas[j], index[j] = scores[num_boxes], areas[num_boxes], index[num_boxes]
            else:
                if scores[best] < scores[j]:
                    best = j
                j += 1
    return num_boxes
