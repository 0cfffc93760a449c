"""Objects that pseudo labels would leave out: on pictures with answers they can be counted."""

from typing import Any

import numpy as np

from custom_modules.evaluation.ground_truth import coco_parts, is_ignored

from .overlaps import shared_areas
from .selection import PseudoLabels

LARGE = 96**2
"""Area in pixels from which COCO calls an object large."""
_SAME, _INSIDE = 0.5, 0.5  # IoU with a label; share of the object inside an ignore region


def missed_objects(coco: Any, labels: PseudoLabels) -> dict[str, int]:
    """Count the objects with neither label nor ignore region over them, of whatever class: they become background.

    Args:
        coco: Data set with answers, ``CocoData`` or a COCO dict.
        labels: Labels for its pictures.

    Returns:
        ``objects``, ``missed``, ``large`` and ``missed_large``.
    """
    truth: dict[int, list[list[float]]] = {}
    for one in coco_parts(coco)[1]:
        if not is_ignored(one):
            truth.setdefault(one['image_id'], []).append(one['bbox'])
    counts = {'objects': 0, 'missed': 0, 'large': 0, 'missed_large': 0}
    for image_id, boxes in truth.items():
        rows = labels.predictions.image_ids == image_id
        boxes, found = np.array(boxes, dtype=np.float64), labels.predictions.boxes_xywh[rows]
        missed = ~_covered(boxes, found, labels.is_region[rows])
        large = boxes[:, 2] * boxes[:, 3] >= LARGE
        for name, which in (('objects', missed | True), ('missed', missed), ('large', large)):
            counts[name] += int(which.sum())
        counts['missed_large'] += int((missed & large).sum())
    return counts


def _covered(objects_xywh: np.ndarray, found_xywh: np.ndarray, is_region: np.ndarray) -> np.ndarray:
    """Tell which objects (N, 4) have a label around them or lie in an ignore region, (N,) bool."""
    areas, found_areas = (boxes[:, 2] * boxes[:, 3] for boxes in (objects_xywh, found_xywh))
    shared = shared_areas(objects_xywh, found_xywh)
    labelled = shared >= _SAME * (areas[:, None] + found_areas[None] - shared)
    ignored = shared >= _INSIDE * areas[:, None]
    return np.where(is_region, ignored, labelled).any(axis=1)
