"""COCO's mean average precision at full precision, for boxes and masks.

The rules are COCO's (Lin et al. 2014, https://cocodataset.org/#detection-eval): at most 100 detections per image and
class, ten IoU thresholds 0.50:0.05:0.95, precision interpolated at 101 recall values.  Unlike the metrics upstream
nothing is rounded: best checkpoints and searches need more than three decimals.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from faster_coco_eval import COCO
from faster_coco_eval.core.faster_eval_api import COCOeval_faster

from custom_modules.utils import UserError

from .ground_truth import coco_parts, count_objects, scoring_annotations
from .predictions import Predictions, check_known
from .result import Result, rows_of
from .rle import mask_api

MAX_DETECTIONS = 100
_AREAS = ('all', 'small', 'medium', 'large')


@dataclass(frozen=True, eq=False)
class DetectionResult(Result):
    """Scores of one set of predictions; all values in [0, 1], NaN where there is nothing to find.

    Attributes:
        iou_type: ``'bbox'`` or ``'segm'``.
        mAP: Mean over IoU thresholds 0.50:0.05:0.95 and over the classes present.
        mAP50: The same at IoU 0.50.
        mAP75: The same at IoU 0.75.
        mAP_small: ``mAP`` of objects below 32 x 32 pixels.
        mAP_medium: ``mAP`` of objects between 32 x 32 and 96 x 96 pixels.
        mAP_large: ``mAP`` of objects above 96 x 96 pixels.
        num_images: Images scored.
        classes: K names, in label order.
        cat_ids: K category ids.
        num_objects: (K,) int64, objects to find.
        num_predictions: (K,) int64, predictions given (before the limit of 100).
        ap: (K,) AP per class; NaN for classes absent from the scoring file.
        ap50: (K,) AP at IoU 0.50.
        ap75: (K,) AP at IoU 0.75.
        recall50: (K,) greatest recall reached at IoU 0.50.
        recalls: (101,) recall values of the curves.
        precision50: (K, 101) interpolated precision at IoU 0.50.
        scores50: (K, 101) score at which each recall is reached at IoU 0.50; 0 where it never is.
    """

    MAIN = 'mAP50'
    CLASS_SCORE = 'AP50'
    COLUMNS = ('class', 'objects', 'predictions', 'AP50', 'AP', 'AP75', 'recall50')

    iou_type: str
    mAP: float
    mAP50: float
    mAP75: float
    mAP_small: float
    mAP_medium: float
    mAP_large: float
    num_images: int
    classes: tuple[str, ...]
    cat_ids: tuple[int, ...]
    num_objects: np.ndarray
    num_predictions: np.ndarray
    ap: np.ndarray
    ap50: np.ndarray
    ap75: np.ndarray
    recall50: np.ndarray
    recalls: np.ndarray
    precision50: np.ndarray
    scores50: np.ndarray

    @property
    def file_prefix(self) -> str:
        """What the names of files about these scores begin with: nothing for boxes, ``segm_`` for masks."""
        return 'segm_' if self.iou_type == 'segm' else ''

    def summary(self) -> dict[str, float]:
        """Return the figures over all classes by name (no prefix)."""
        names = ('mAP50', 'mAP', 'mAP75', 'mAP_small', 'mAP_medium', 'mAP_large')
        return {name: getattr(self, name) for name in names}

    def facts(self) -> dict:
        """Return what was scored."""
        return {'iou_type': self.iou_type, 'num_images': self.num_images}

    def class_rows(self) -> list[list]:
        """Return the scores of each class."""
        counts = (self.num_objects, self.num_predictions)
        return rows_of(self.classes, *counts, self.ap50, self.ap, self.ap75, self.recall50)

    def total_row(self) -> list:
        """Return the sums of objects and predictions, and the means over the classes present."""
        counts = [int(self.num_objects.sum()), int(self.num_predictions.sum())]
        return ['mean', *counts, self.mAP50, self.mAP, self.mAP75, _mean(self.recall50)]


def evaluate_boxes(
    coco: Any, predictions: Predictions, iou_type: str = 'bbox', image_ids: Sequence[int] | None = None
) -> DetectionResult:
    """Score detections against a data set by the COCO rules.

    Ignore regions (``iscrowd`` or ``ignore``) are nothing to find, and detections that lie in one count neither way.

    Args:
        coco: Ground truth, ``CocoData`` or a COCO dict.
        predictions: Any number per image, in any order.
        iou_type: ``'bbox'``, or ``'segm'`` for masks.
        image_ids: Score these images only; all of the file by default.

    Returns:
        The scores; 0 for a class whose objects got no detections.

    Raises:
        UserError: There is nothing to score, a prediction names an unknown image or category, or masks are wanted
            and missing.
    """
    if iou_type not in ('bbox', 'segm'):
        raise ValueError(f"iou_type must be 'bbox' or 'segm', not {iou_type!r}")
    images, annotations, categories = coco_parts(coco)
    check_known(predictions, coco)
    if image_ids is not None:
        wanted = set(image_ids)
        images = [image for image in images if image['id'] in wanted]
        predictions = predictions.select(np.isin(predictions.image_ids, np.asarray(image_ids, dtype=np.int64)))
    if iou_type == 'segm':
        _require_masks(annotations, predictions)
    truth = scoring_annotations(annotations, images, iou_type)
    num_objects = count_objects(truth, categories)
    evaluator = _run_back_end(images, categories, truth, predictions, iou_type)
    return _collect(evaluator, images, categories, num_objects, predictions)


def _require_masks(annotations: list[dict], predictions: Predictions) -> None:
    if not any(annotation.get('segmentation') for annotation in annotations):
        raise UserError('nothing to score: the data set has boxes only, no masks')
    if len(predictions) and predictions.segmentations is None:
        raise UserError('the predictions have no masks ("segmentation"): score their boxes instead')


def _run_back_end(
    images: list[dict], categories: list[dict], truth: list[dict], predictions: Predictions, iou_type: str
) -> COCOeval_faster:
    frame = {'images': images, 'categories': categories}
    evaluator = COCOeval_faster(
        COCO({**frame, 'annotations': truth}),
        COCO({**frame, 'annotations': _detections(predictions, iou_type)}),
        iouType=iou_type,
        ranges={'small': [0, 32**2], 'medium': [32**2, 96**2], 'large': [96**2, 1e5**2]},
    )
    evaluator.params.maxDets = [MAX_DETECTIONS]
    evaluator.evaluate()
    evaluator.accumulate()
    return evaluator


def _detections(predictions: Predictions, iou_type: str) -> list[dict]:
    """Make the back end's records; ``area`` decides the size class of an unmatched detection."""
    areas = predictions.boxes_xywh[:, 2] * predictions.boxes_xywh[:, 3]
    if iou_type == 'segm' and predictions.segmentations:
        areas = mask_api.area(predictions.segmentations)
    records = list(predictions.records())
    for index, (record, area) in enumerate(zip(records, areas.tolist(), strict=True), start=1):
        record.update(id=index, area=area, iscrowd=0)
    return records


def _collect(
    evaluator: COCOeval_faster,
    images: list[dict],
    categories: list[dict],
    num_objects: np.ndarray,
    predictions: Predictions,
) -> DetectionResult:
    precision = np.asarray(evaluator.eval['precision'])[..., 0]  # IoU x recall x class x area
    precision = np.where(precision > -1, precision, np.nan)
    recall50 = np.asarray(evaluator.eval['recall'])[0, :, 0, 0]
    cat_ids = tuple(category['id'] for category in categories)
    return DetectionResult(
        iou_type=evaluator.params.iouType,
        mAP=_mean(precision[..., 0]),
        mAP50=_mean(precision[0, ..., 0]),
        mAP75=_mean(precision[5, ..., 0]),
        **{f'mAP_{area}': _mean(precision[..., index]) for index, area in enumerate(_AREAS) if index},
        num_images=len(images),
        classes=tuple(str(category['name']) for category in categories),
        cat_ids=cat_ids,
        num_objects=num_objects,
        num_predictions=np.array([(predictions.category_ids == cat_id).sum() for cat_id in cat_ids], dtype=np.int64),
        ap=precision[..., 0].mean(axis=(0, 1)),
        ap50=precision[0, ..., 0].mean(axis=0),
        ap75=precision[5, ..., 0].mean(axis=0),
        recall50=np.where(recall50 > -1, recall50, np.nan),
        recalls=np.asarray(evaluator.params.recThrs),
        precision50=precision[0, ..., 0].T.copy(),
        scores50=np.asarray(evaluator.eval['scores'])[0, ..., 0, 0].T.copy(),
    )


def _mean(precision: np.ndarray) -> float:
    present = precision[~np.isnan(precision)]
    return float(present.mean()) if present.size else float('nan')
