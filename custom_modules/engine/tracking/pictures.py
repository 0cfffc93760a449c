"""Validation pictures with what is there and what was found."""

from collections.abc import Sequence

import cv2
import numpy as np
from mmengine.structures import BaseDataElement

from ...evaluation.gathered_metric import GatheredMetric
from ...evaluation.predictions import Predictions
from ...evaluation.trash_coco_metric import TrashCocoMetric

_LAYOUT = {'pairs_per_row': 2, 'cell_width': 320}


def validation_sheet(samples: Sequence[BaseDataElement], metric: GatheredMetric) -> np.ndarray:
    """Draw the truth beside the predictions.

    Args:
        samples: A detector's or segmenter's outputs, each with ``img_id``, ``img_path`` and ``pred_instances``, or
            ``pred_sem_seg`` and ``gt_sem_seg``.
        metric: The metric of the validation, which knows the classes, and of a detector the truth.

    Returns:
        (H, W, 3) uint8, RGB.
    """
    sheet = _detections(samples, metric) if isinstance(metric, TrashCocoMetric) else _label_maps(samples, metric)
    return np.ascontiguousarray(sheet[..., ::-1])


def _label_maps(samples: Sequence[BaseDataElement], metric: GatheredMetric) -> np.ndarray:
    from ...visualization import draw_truth_and_labels

    images = [cv2.imread(sample.img_path) for sample in samples]
    truths, found = (
        [sample.get(key).data[0].cpu().numpy().astype(np.uint8) for sample in samples]
        for key in ('gt_sem_seg', 'pred_sem_seg')
    )
    palette = (metric.dataset_meta or {}).get('palette')
    return draw_truth_and_labels(images, truths, found, metric.last_result.classes, palette, **_LAYOUT)


def _detections(samples: Sequence[BaseDataElement], metric: TrashCocoMetric) -> np.ndarray:
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
    return draw_ground_truth_and_predictions(images, truths, found, coco.classes, **_LAYOUT)
