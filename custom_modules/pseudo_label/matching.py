"""Which detections are right: COCO's matching at one IoU threshold."""

from enum import IntEnum
from typing import Any

import numpy as np

from custom_modules.evaluation.ground_truth import coco_parts, scoring_annotations
from custom_modules.evaluation.predictions import Predictions, check_known
from custom_modules.utils.jit import kernel


class Outcome(IntEnum):
    """What became of a detection."""

    WRONG = 0
    RIGHT = 1
    IGNORED = 2
    """It lies in an ignore region: neither."""


def match_predictions(coco: Any, predictions: Predictions, iou_thr: float = 0.5) -> np.ndarray:
    """Match detections to the objects of a data set by the COCO rules (Lin et al. 2014).

    In order of score, each detection takes the free object of its class with the greatest IoU; ignore regions are
    taken only where there is no free object, any number of times, and overlap by the share of the detection inside.
    Unlike in COCO's scores no detection is left out for being the 101st.

    Args:
        coco: Ground truth, ``CocoData`` or a COCO dict.
        predictions: N rows.
        iou_thr: Least IoU of a match, 0 to 1.

    Returns:
        (N,) int8, an :class:`Outcome` for each row.

    Raises:
        UserError: A prediction names an unknown image or category.
    """
    images, annotations, categories = coco_parts(coco)
    check_known(predictions, coco)
    image_ids = np.sort(np.array([image['id'] for image in images], dtype=np.int64))
    cat_ids = np.array([category['id'] for category in categories], dtype=np.int64)

    def keys(of_image: np.ndarray, of_category: np.ndarray) -> np.ndarray:
        return np.searchsorted(image_ids, of_image) * len(cat_ids) + np.searchsorted(cat_ids, of_category)

    truth = scoring_annotations(annotations, images, 'bbox')
    crowd = np.array([record['iscrowd'] for record in truth], dtype=bool)
    truth_keys = keys(*(np.array([record[name] for record in truth], dtype=np.int64) for name in _IDS))
    boxes = np.array([record['bbox'] for record in truth], dtype=np.float64).reshape(-1, 4)
    truth_order = np.lexsort((crowd, truth_keys))  # ignore regions last
    keys_in_order = truth_keys[truth_order]

    own_keys = keys(predictions.image_ids, predictions.category_ids)
    order = np.lexsort((-predictions.scores, own_keys))
    outcomes = np.zeros(len(predictions), dtype=np.int8)
    outcomes[order] = _match(
        np.ascontiguousarray(predictions.boxes_xywh[order]),
        np.searchsorted(keys_in_order, own_keys[order], side='left'),
        np.searchsorted(keys_in_order, own_keys[order], side='right'),
        boxes[truth_order],
        crowd[truth_order],
        float(iou_thr),
    )
    return outcomes


_IDS = ('image_id', 'category_id')


@kernel
def _match(boxes_xywh, firsts, lasts, truth_xywh, crowd, iou_thr):
    taken = np.zeros(len(truth_xywh), dtype=np.bool_)
    outcomes = np.zeros(len(boxes_xywh), dtype=np.int8)
    for row in range(len(boxes_xywh)):
        best, match = min(iou_thr, 1 - 1e-10), -1
        for number in range(firsts[row], lasts[row]):
            if taken[number] and not crowd[number]:
                continue
            if match >= 0 and not crowd[match] and crowd[number]:
                break  # an object is preferred to any ignore region
            overlap = _overlap(boxes_xywh[row], truth_xywh[number], crowd[number])
            if overlap >= best:
                best, match = overlap, number
        if match >= 0:
            taken[match] = True
            outcomes[row] = 2 if crowd[match] else 1
    return outcomes


@kernel
def _overlap(box, truth, of_box_alone):
    width = min(box[0] + box[2], truth[0] + truth[2]) - max(box[0], truth[0])
    height = min(box[1] + box[3], truth[1] + truth[3]) - max(box[1], truth[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared, area = width * height, box[2] * box[3]
    return shared / area if of_box_alone else shared / (area + truth[2] * truth[3] - shared)
