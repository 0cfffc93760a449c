"""Putting together what the models of all folds predict, each on the pictures it has not seen."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from custom_modules.utils import UserError

from .coco_map import DetectionResult, evaluate_boxes
from .predictions import Predictions, check_known


def merge_folds(parts: Mapping[int, Predictions], fold_of: Mapping[int, int]) -> Predictions:
    """Put the predictions of all folds together.

    Args:
        parts: Predictions by fold.
        fold_of: The fold of each image id.

    Returns:
        All rows, fold by fold; image ids are those of the whole data set.

    Raises:
        UserError: A fold's predictions are about pictures of another: its model may have trained on them.
    """
    for fold, part in parts.items():
        for image_id in np.unique(part.image_ids).tolist():
            if fold_of.get(image_id) != fold:
                raise UserError(
                    f'the predictions of fold {fold} are about image {image_id}, which is not among its validation '
                    f'pictures; predict again with tools/test.py on val_{fold}.json of these folds'
                )
    return Predictions.concatenate(parts[fold] for fold in sorted(parts))


def score_folds(
    coco: Any, predictions: Predictions, fold_of: Mapping[int, int], iou_type: str = 'bbox'
) -> tuple[DetectionResult, dict[int, DetectionResult | None]]:
    """Score out-of-fold predictions as a whole and by fold.

    Args:
        coco: The whole data set, ``CocoData`` or a COCO dict.
        predictions: From :func:`merge_folds`.
        fold_of: The fold of each image id.
        iou_type: ``'bbox'`` or ``'segm'``.

    Returns:
        The score over all pictures, and that of each fold, None where a fold has no objects.

    Raises:
        UserError: The data set does not know a picture or class, or has nothing to score.
    """
    check_known(predictions, coco)
    by_fold: dict[int, DetectionResult | None] = {}
    for fold in sorted(set(fold_of.values())):
        ids = [image_id for image_id, number in fold_of.items() if number == fold]
        try:
            by_fold[fold] = evaluate_boxes(coco, predictions, iou_type, ids)
        except UserError:  # nothing to find in these pictures
            by_fold[fold] = None
    return evaluate_boxes(coco, predictions, iou_type), by_fold
