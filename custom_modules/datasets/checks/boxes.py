"""Repairs of boxes: edges, and boxes that are there twice."""

import math

import numpy as np

from .findings import BAD_BOX, NAN_BOX, NEGATIVE_BOX, Kind
from .values import real_number

DUPLICATE_IOU = 0.99
"""Two boxes of one class above this are one object drawn twice."""
CONFLICT_IOU = 0.9
"""Two boxes of different classes above this are reported as one object with two classes."""
MIN_SIDE = 1.0
"""Boxes with a shorter side, px, hold no pixel and are not trained on."""


def read_box(value: object) -> tuple[list[float], Kind | None]:
    """Read a box as json has it.

    Args:
        value: Should be a list x, y, width, height in px.

    Returns:
        The box as floats, and the kind of error or None.
    """
    numbers = [real_number(number) for number in value] if isinstance(value, list) else []
    if len(numbers) != 4 or None in numbers:
        return [0.0] * 4, BAD_BOX
    if not all(map(math.isfinite, numbers)):
        return numbers, NAN_BOX
    return numbers, NEGATIVE_BOX if numbers[2] < 0 or numbers[3] < 0 else None


def clip_box(box_xywh: list[float], width: int, height: int) -> tuple[list[float], bool]:
    """Cut a box at the edges of its picture.

    Args:
        box_xywh: x, y, width, height in px.
        width: Width of the picture, px.
        height: Height of the picture, px.

    Returns:
        The box, unchanged to the bit where it lies inside, and whether it was
        cut.  Less than 0.01 px over the edge is rounding, cut but not said.
    """
    x, y, w, h = box_xywh
    if x >= 0 and y >= 0 and x + w <= width and y + h <= height:
        return box_xywh, False
    left, top = min(max(x, 0.0), width), min(max(y, 0.0), height)
    right, bottom = min(max(x + w, 0.0), width), min(max(y + h, 0.0), height)
    over = max(-x, -y, x + w - width, y + h - height)
    return [float(left), float(top), float(right - left), float(bottom - top)], over > 0.01


def find_same_boxes(annotations: list[dict]) -> tuple[list[list[int]], list[tuple[int, int]]]:
    """Find objects that were drawn twice in a picture.

    Crowds and ignore regions are left alone.

    Args:
        annotations: Checked annotations.

    Returns:
        Positions in ``annotations``: groups of one object in one class, and
        pairs of one object in two classes.
    """
    places = [i for i, record in enumerate(annotations) if not record['iscrowd'] and not record.get('ignore')]
    if len(places) < 2:
        return [], []
    boxes_xywh = np.array([annotations[i]['bbox'] for i in places], dtype=np.float64)
    image_ids = np.array([annotations[i]['image_id'] for i in places])
    labels = np.array([annotations[i]['category_id'] for i in places])
    order = np.lexsort((boxes_xywh[:, 0], image_ids))
    pairs, conflicts = _overlapping_pairs(boxes_xywh[order], image_ids[order], labels[order])
    positions = [places[i] for i in order]
    named_conflicts = sorted(tuple(sorted((positions[i], positions[j]))) for i, j in conflicts)
    return _groups([(positions[i], positions[j]) for i, j in pairs]), named_conflicts


def _overlapping_pairs(boxes_xywh: np.ndarray, image_ids: np.ndarray, labels: np.ndarray) -> tuple[list, list]:
    """Compare boxes, sorted by image and left edge, with the next, the one after, ... while these start close enough.

    A box found to be a second copy is not compared any further, which keeps
    the work small when one box is there very often.
    """
    is_copy = np.zeros(len(labels), dtype=bool)
    pairs, conflicts = [], []
    first, step = np.arange(len(labels) - 1), 1
    while len(first):
        second = first + step
        near = image_ids[first] == image_ids[second]
        near &= boxes_xywh[second, 0] - boxes_xywh[first, 0] <= (1 - CONFLICT_IOU) * boxes_xywh[first, 2]
        first, second = first[near], second[near]
        overlap, same = _paired_iou(boxes_xywh[first], boxes_xywh[second]), labels[first] == labels[second]
        copies, clashes = same & (overlap > DUPLICATE_IOU), ~same & (overlap > CONFLICT_IOU)
        pairs += zip(first[copies].tolist(), second[copies].tolist(), strict=True)
        conflicts += zip(first[clashes].tolist(), second[clashes].tolist(), strict=True)
        is_copy[second[copies]] = True
        step += 1
        first = first[~is_copy[first] & (first + step < len(labels))]
    return pairs, conflicts


def _groups(pairs: list[tuple[int, int]]) -> list[list[int]]:
    """Join pairs that share a member."""
    group_of: dict[int, list[int]] = {}
    for first, second in pairs:
        merged = sorted({*group_of.get(first, [first]), *group_of.get(second, [second])})
        group_of.update(dict.fromkeys(merged, merged))
    return sorted({id(group): group for group in group_of.values()}.values())


def _paired_iou(boxes_xywh: np.ndarray, others_xywh: np.ndarray) -> np.ndarray:
    """Compute the IoU of each box with the other at the same place, 0 for two empty ones."""
    low = np.maximum(boxes_xywh[:, :2], others_xywh[:, :2])
    high = np.minimum(boxes_xywh[:, :2] + boxes_xywh[:, 2:], others_xywh[:, :2] + others_xywh[:, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    union = np.prod(boxes_xywh[:, 2:], axis=1) + np.prod(others_xywh[:, 2:], axis=1) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
