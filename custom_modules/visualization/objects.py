"""What is drawn on a picture: boxes, labels, scores and masks in one form, whatever they came from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from custom_modules.evaluation.predictions import Predictions
from custom_modules.evaluation.rle import compress_rle, decode_masks, mask_api


@dataclass(frozen=True, eq=False)
class Objects:
    """Objects of one picture.

    Attributes:
        boxes_xyxy: (N, 4), pixels.
        labels: (N,) ints, positions in the class list.
        scores: (N,) or None for ground truth.
        masks: N entries, each (H, W) bool or None for an object without a mask; or None.
    """

    boxes_xyxy: np.ndarray
    labels: np.ndarray
    scores: np.ndarray | None = None
    masks: Sequence[np.ndarray | None] | None = None

    def above(self, score_thr: float) -> 'Objects':
        """Return the objects with at least this score; all of them when there are no scores."""
        if self.scores is None:
            return self
        keep = np.flatnonzero(np.asarray(self.scores) >= score_thr)
        masks = None if self.masks is None else [self.masks[index] for index in keep]
        return Objects(self.boxes_xyxy[keep], self.labels[keep], self.scores[keep], masks)

    def resized(self, old_size: tuple[int, int], new_size: tuple[int, int]) -> 'Objects':
        """Follow a resize of the picture.

        Args:
            old_size: Its width and height before.
            new_size: Its width and height after.

        Returns:
            Objects in the new pixels.
        """
        if old_size == new_size:
            return self
        factors = np.array([new_size[0] / old_size[0], new_size[1] / old_size[1]] * 2)
        masks = self.masks and [None if mask is None else _resize_mask(mask, new_size) for mask in self.masks]
        return replace(self, boxes_xyxy=self.boxes_xyxy * factors, masks=masks)


def objects_from_annotations(
    annotations: Sequence[dict], label_of: Mapping[int, int], height: int, width: int
) -> Objects:
    """Take COCO annotations of one picture; ignore regions are left out.

    Args:
        annotations: COCO records with ``bbox`` xywh and optionally ``segmentation`` (polygons or RLE).
        label_of: Label of each category id.
        height: Of the picture, pixels.
        width: Of the picture, pixels.

    Returns:
        The objects, without scores.
    """
    shown = [record for record in annotations if not (record.get('iscrowd') or record.get('ignore'))]
    boxes_xywh = np.array([record['bbox'] for record in shown], dtype=np.float64).reshape(-1, 4)
    masks = [_rasterize(record.get('segmentation'), height, width) for record in shown]
    return Objects(
        boxes_xyxy=_corners(boxes_xywh),
        labels=np.array([label_of[record['category_id']] for record in shown], dtype=np.int64),
        masks=masks if any(mask is not None for mask in masks) else None,
    )


def objects_from_predictions(predictions: Predictions, image_id: int, label_of: Mapping[int, int]) -> Objects:
    """Take the predictions for one picture.

    Args:
        predictions: Rows of any pictures.
        image_id: The picture.
        label_of: Label of each category id.

    Returns:
        The objects with their scores.
    """
    rows = predictions.select(predictions.image_ids == image_id)
    return Objects(
        boxes_xyxy=_corners(rows.boxes_xywh),
        labels=np.array([label_of[category_id] for category_id in rows.category_ids.tolist()], dtype=np.int64),
        scores=rows.scores,
        masks=list(decode_masks(rows.segmentations)) if rows.segmentations else None,
    )


def _corners(boxes_xywh: np.ndarray) -> np.ndarray:
    return np.hstack([boxes_xywh[:, :2], boxes_xywh[:, :2] + boxes_xywh[:, 2:]])


def _rasterize(segmentation: list | dict | None, height: int, width: int) -> np.ndarray | None:
    if not segmentation:
        return None
    if isinstance(segmentation, dict):
        return decode_masks([segmentation])[0]
    polygons = mask_api.frPyObjects(segmentation, height, width)
    return decode_masks([compress_rle(mask_api.merge(polygons))])[0]


def _resize_mask(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_LINEAR) >= 0.5
