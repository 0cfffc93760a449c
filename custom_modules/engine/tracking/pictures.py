"""Validation pictures with what is there and what was found."""

from collections.abc import Sequence

import cv2
import numpy as np
from mmengine.structures import BaseDataElement

from ...evaluation.predictions import Predictions
from ...evaluation.trash_coco_metric import TrashCocoMetric


def validation_sheet(samples: Sequence[BaseDataElement], metric: TrashCocoMetric) -> np.ndarray:
    """Draw the truth beside the predictions.

    Args:
        samples: A detector's outputs, each with ``img_id``, ``img_path`` and ``pred_instances``.
        metric: The metric of the validation, which knows the truth.

    Returns:
        (H, W, 3) uint8, RGB.
    """
    from ...visualization import (
        draw_ground_truth_and_predictions,
        objects_from_annotations,
        objects_from_predictions,
    )

    coco = metric.coco
    annotations, numbers = coco.annotations_of(), [int(sample.img_id) for sample in samples]
    images = [cv2.imread(sample.img_path) for sample in samples]
    truths = [
        objects_from_annotations(annotations[number], coco.label_of, *image.shape[:2])
        for number, image in zip(numbers, images, strict=True)
    ]
    found = [
        objects_from_predictions(
            Predictions.from_instances(number, sample.pred_instances, metric.cat_ids), number, coco.label_of
        )
        for number, sample in zip(numbers, samples, strict=True)
    ]
    sheet = draw_ground_truth_and_predictions(images, truths, found, coco.classes, pairs_per_row=2, cell_width=320)
    return np.ascontiguousarray(sheet[..., ::-1])
