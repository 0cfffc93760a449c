"""Detections as columns, and how a detector's output becomes them.

Numbers are rounded to the 8 significant digits a file keeps when a model's output is taken over, so that scoring in
memory and scoring the written file give the same figures to the last bit.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from custom_modules.utils import UserError

from .ground_truth import coco_parts
from .rle import compress_rle, encode_masks

SIGNIFICANT_DIGITS = 8


@dataclass(frozen=True, eq=False)
class Predictions:
    """Detections of any number of pictures, one row each.

    Attributes:
        image_ids: (N,) int64.
        category_ids: (N,) int64, as in the data set's file (not labels).
        boxes_xywh: (N, 4) float64, pixels of the original picture.
        scores: (N,) float64.
        segmentations: N RLE dicts (compressed, text) or None when the model gives no masks.
    """

    image_ids: np.ndarray
    category_ids: np.ndarray
    boxes_xywh: np.ndarray
    scores: np.ndarray
    segmentations: list[dict] | None = None

    def __len__(self) -> int:
        return len(self.scores)

    @classmethod
    def from_instances(cls, image_id: int, instances: Mapping[str, Any], cat_ids: Sequence[int]) -> 'Predictions':
        """Take over a detector's output for one picture.

        Args:
            image_id: The picture's id in the data set.
            instances: mmdet's ``pred_instances`` (or its dict): ``bboxes`` (N, 4) xyxy in pixels, ``scores`` (N,),
                ``labels`` (N,) and optionally ``masks``, (N, H, W) bool or N RLE dicts.  Tensors on any device.
            cat_ids: Category id of each label.

        Returns:
            N rows, rounded to 8 significant digits, on the CPU.

        Raises:
            UserError: A box or score is NaN or infinite, or a label has no category.
        """
        boxes_xyxy = _to_numpy(instances['bboxes']).astype(np.float64).reshape(-1, 4)
        scores = _to_numpy(instances['scores']).astype(np.float64).reshape(-1)
        labels = _to_numpy(instances['labels']).astype(np.int64).reshape(-1)
        if not (np.isfinite(boxes_xyxy).all() and np.isfinite(scores).all()):
            raise UserError(f'image {image_id}: the model predicts NaN or infinite numbers: its weights are damaged')
        if labels.size and not 0 <= labels.min() <= labels.max() < len(cat_ids):
            raise UserError(
                f'image {image_id}: the model predicts class number {labels.max()}, but the data set has '
                f'{len(cat_ids)} classes: use the data set the model was trained on'
            )
        sizes = np.maximum(boxes_xyxy[:, 2:] - boxes_xyxy[:, :2], 0)
        return cls(
            image_ids=np.full(len(scores), image_id, dtype=np.int64),
            category_ids=np.asarray(cat_ids, dtype=np.int64)[labels],
            boxes_xywh=round_significant(np.hstack([boxes_xyxy[:, :2], sizes])),
            scores=round_significant(scores),
            segmentations=_to_rles(instances.get('masks')),
        )

    @classmethod
    def concatenate(cls, parts: Iterable['Predictions']) -> 'Predictions':
        """Put rows together in the order given; parts with masks and empty parts without may be mixed."""
        parts = list(parts)
        masked = [part for part in parts if part.segmentations is not None]
        if masked and sum(map(len, masked)) != sum(map(len, parts)):
            raise UserError('some predictions have masks and others have none: do not mix files of different models')
        return cls(
            image_ids=_stack([part.image_ids for part in parts], np.zeros(0, dtype=np.int64)),
            category_ids=_stack([part.category_ids for part in parts], np.zeros(0, dtype=np.int64)),
            boxes_xywh=_stack([part.boxes_xywh for part in parts], np.zeros((0, 4))),
            scores=_stack([part.scores for part in parts], np.zeros(0)),
            segmentations=list(chain.from_iterable(part.segmentations for part in masked)) if masked else None,
        )

    def select(self, rows: np.ndarray) -> 'Predictions':
        """Return the rows of an index array or a boolean mask, in that order."""
        rows = np.flatnonzero(rows) if np.asarray(rows).dtype == bool else np.asarray(rows, dtype=np.int64)
        return Predictions(
            image_ids=self.image_ids[rows],
            category_ids=self.category_ids[rows],
            boxes_xywh=self.boxes_xywh[rows],
            scores=self.scores[rows],
            segmentations=None if self.segmentations is None else [self.segmentations[row] for row in rows],
        )

    def per_image(self) -> dict[int, 'Predictions']:
        """Split by picture, ids ascending; rows keep their order.  Pictures without rows have no entry."""
        if not len(self):
            return {}
        order = np.argsort(self.image_ids, kind='stable')
        ids, starts = np.unique(self.image_ids[order], return_index=True)
        groups = np.split(order, starts[1:])
        return {int(image_id): self.select(rows) for image_id, rows in zip(ids, groups, strict=True)}

    def records(self) -> Iterator[dict]:
        """Yield COCO result records, made of plain Python numbers."""
        columns = (self.image_ids, self.category_ids, self.boxes_xywh, self.scores)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        for index, (image_id, category_id, box_xywh, score) in enumerate(rows):
            record = {'image_id': image_id, 'category_id': category_id, 'bbox': box_xywh, 'score': score}
            if self.segmentations is not None:
                record['segmentation'] = self.segmentations[index]
            yield record


def check_known(predictions: Predictions, coco: Any, source: str = 'predictions') -> None:
    """Refuse predictions for pictures or categories that the data set does not have.

    Args:
        predictions: The rows.
        coco: ``CocoData`` or a COCO dict.
        source: What to call the predictions in the message, for example their file.

    Raises:
        UserError: The first unknown id.
    """
    images, _, categories = coco_parts(coco)
    checks = (
        ('image_id', predictions.image_ids, [image['id'] for image in images]),
        ('category_id', predictions.category_ids, [category['id'] for category in categories]),
    )
    for field, found, known in checks:
        unknown = np.flatnonzero(~np.isin(found, np.asarray(known, dtype=np.int64)))
        if unknown.size:
            raise UserError(
                f'{source}: record {unknown[0]}: {field} {found[unknown[0]]} is not in the data set: '
                'are these predictions for another file?'
            )


def round_significant(numbers: np.ndarray, digits: int = SIGNIFICANT_DIGITS) -> np.ndarray:
    """Round to significant decimal digits, so that printing with as many digits loses nothing.

    Args:
        numbers: Any shape, finite, below 1e8; magnitudes below 1e-15 keep fewer digits.

    Returns:
        float64 of the same shape; each value is the double nearest to its decimal.
    """
    numbers = np.asarray(numbers, dtype=np.float64)
    magnitudes = np.abs(numbers)
    exponents = np.floor(np.log10(np.where(magnitudes > 0, magnitudes, 1)))
    # Powers of ten up to 1e22 are exact doubles, and a division of exact numbers is rounded correctly.
    factors = 10.0 ** np.clip(digits - 1 - exponents, 0, 22)
    return np.rint(numbers * factors) / factors


def _to_numpy(values: Any) -> np.ndarray:
    values = getattr(values, 'tensor', values)  # mmdet's HorizontalBoxes
    if hasattr(values, 'detach'):
        values = values.detach().cpu()
        values = values.float() if values.is_floating_point() else values  # numpy has no bfloat16
    return np.asarray(values)


def _to_rles(masks: Any) -> list[dict] | None:
    if masks is None:
        return None
    if isinstance(masks, list | tuple):
        return [compress_rle(rle) for rle in masks]
    return encode_masks(_to_numpy(masks))


def _stack(columns: list[np.ndarray], empty: np.ndarray) -> np.ndarray:
    return np.concatenate([empty, *columns])
