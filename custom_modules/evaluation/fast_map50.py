"""Exact mAP50 of boxes from arrays, made for scoring again and again: searches, folds, bootstrap resamples.

Detections are matched once; the score of any subset or weighting of the images is then one pass over what was matched.
The figures are COCO's (see `coco_map`, which also gives all other figures) to rounding of the last bits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from custom_modules.utils.jit import kernel, split

from .ground_truth import coco_parts, count_objects, scoring_annotations
from .predictions import Predictions, check_known

IOU_THR = 0.5
MAX_DETECTIONS = 100  # an image and class, as in `coco_map`
_MAX_AREA = 1e10  # px^2; COCO's range "all": larger objects are nothing to find
_RECALLS = np.linspace(0.0, 1.0, 101)
_COLUMNS = 64  # weightings a kernel works on at a time: what it writes stays in the cache
_GRID = 2.0**20  # weights become multiples of its inverse: their sums are exact, in any order
_HIT, _MISS, _OUT = 1, 0, -1  # _OUT: neither way (in an ignore region), or beyond the 100


class FastMap50:
    """Ground truth of a data set, laid out for matching.

    Args:
        coco: ``CocoData`` or a COCO dict.
        image_ids: Score these images only; all of the file by default.

    Attributes:
        image_ids: (I,) int64, ascending; all arrays over images are in this order.
        cat_ids: (K,) int64, ascending: a label is a position in it.
        num_objects: (I, K) int64, objects to find (ignore regions aside).

    Raises:
        UserError: There is nothing to find.
    """

    def __init__(self, coco: Any, image_ids: Sequence[int] | None = None) -> None:
        images, annotations, categories = coco_parts(coco)
        wanted = {image['id'] for image in images}
        wanted = wanted if image_ids is None else wanted.intersection(np.asarray(image_ids).tolist())
        images = [image for image in images if image['id'] in wanted]
        truth = scoring_annotations(annotations, images, 'bbox')
        count_objects(truth, categories)
        self._frame = {'images': images, 'categories': categories}
        self.image_ids = np.array(sorted(wanted), dtype=np.int64)
        self.cat_ids = np.array([category['id'] for category in categories], dtype=np.int64)
        self._group_truth(truth)

    def _group_truth(self, truth: list[dict]) -> None:
        """Sort the objects by image and class, ignore regions last in each group, as COCO's matching wants them."""
        num_groups = len(self.image_ids) * len(self.cat_ids)
        image = np.searchsorted(self.image_ids, [record['image_id'] for record in truth])
        label = np.searchsorted(self.cat_ids, [record['category_id'] for record in truth])
        area = np.array([record['area'] for record in truth], dtype=np.float64)
        crowd = np.array([record['iscrowd'] for record in truth], dtype=bool)
        ignored = crowd | (area < 0) | (area > _MAX_AREA)
        group = image * len(self.cat_ids) + label
        order = np.lexsort((ignored, group))  # stable
        self._crowd, self._ignored = crowd[order], ignored[order]
        self._boxes = np.array([record['bbox'] for record in truth], dtype=np.float64).reshape(-1, 4)[order]
        self._offsets = np.searchsorted(group[order], np.arange(num_groups + 1))
        found = np.bincount(group[~ignored], minlength=num_groups)
        self.num_objects = found.reshape(len(self.image_ids), len(self.cat_ids))

    def __call__(self, predictions: Predictions) -> 'MatchedBoxes':
        """Match predictions, of any number and in any order; those of images that are not scored are left out.

        Raises:
            UserError: An image or category is not in the data set.
        """
        predictions = predictions.select(np.isin(predictions.image_ids, self.image_ids))
        return self.match(*self._grouped(predictions)[1])

    def outcomes(self, predictions: Predictions) -> np.ndarray:
        """Say what became of each detection.

        Args:
            predictions: N rows of images that are scored, in any order.

        Returns:
            (N,) int8: 1 finds an object, 0 finds none, -1 counts neither way (it lies in an ignore region, or is
            beyond the 100 best of its image and class).

        Raises:
            UserError: An image or category is not in the data set.
        """
        order, columns = self._grouped(predictions)
        state = np.empty(len(order), dtype=np.int8)
        state[order] = self._match(*columns)[0]
        return state

    def _grouped(self, predictions: Predictions) -> tuple[np.ndarray, tuple]:
        """Return the rows sorted by image, and what :meth:`match` takes."""
        check_known(predictions, self._frame)
        order = np.argsort(predictions.image_ids, kind='stable')
        ids = predictions.image_ids[order]
        offsets = np.searchsorted(ids, self.image_ids, side='left').tolist() + [len(ids)]
        labels = np.searchsorted(self.cat_ids, predictions.category_ids[order])
        return order, (offsets, predictions.boxes_xywh[order], labels, predictions.scores[order])

    def match(
        self, image_offsets: Sequence[int], boxes_xywh: np.ndarray, labels: np.ndarray, scores: np.ndarray
    ) -> 'MatchedBoxes':
        """Match boxes that are grouped by image already.

        Equal scores keep their order, as in COCO's own code.

        Args:
            image_offsets: (I + 1,) first row of each image of ``image_ids``, and the number of rows.
            boxes_xywh: (N, 4) pixels.
            labels: (N,) in [0, K).
            scores: (N,) finite.

        Returns:
            What was matched, from which every score is read.

        Raises:
            ValueError: Arrays that do not fit together, labels out of range, numbers that are not finite.
        """
        labels, scores = np.ascontiguousarray(labels, dtype=np.int64), np.ascontiguousarray(scores, dtype=np.float64)
        state, images = self._match(image_offsets, boxes_xywh, labels, scores)
        return MatchedBoxes(self.num_objects, *_rank(labels, scores, state, images, len(self.cat_ids)))

    def _match(
        self, image_offsets: Sequence[int], boxes_xywh: np.ndarray, labels: np.ndarray, scores: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return what became of each box and its image, a position."""
        offsets = np.ascontiguousarray(image_offsets, dtype=np.int64)
        boxes = np.ascontiguousarray(boxes_xywh, dtype=np.float64).reshape(-1, 4)
        labels = np.ascontiguousarray(labels, dtype=np.int64)
        scores = np.ascontiguousarray(scores, dtype=np.float64)
        self._check(offsets, boxes, labels, scores)
        state = np.full(len(scores), _OUT, dtype=np.int8)
        images = np.empty(len(scores), dtype=np.int32)
        truth = (self._offsets, self._boxes, self._crowd, self._ignored)

        def match_images(start: int, stop: int) -> None:
            _match(start, stop, len(self.cat_ids), offsets, boxes, labels, scores, *truth, state, images)

        split(match_images, len(self.image_ids), cost=len(scores) * 200)
        return state, images

    def _check(self, offsets: np.ndarray, boxes: np.ndarray, labels: np.ndarray, scores: np.ndarray) -> None:
        if not len(boxes) == len(labels) == len(scores):
            raise ValueError(
                f'{len(boxes)} boxes, {len(labels)} labels and {len(scores)} scores: give one of each a row'
            )
        fits = len(offsets) == len(self.image_ids) + 1 and offsets[0] == 0 and offsets[-1] == len(scores)
        if not fits or (np.diff(offsets) < 0).any():
            raise ValueError(f'image_offsets must rise from 0 to {len(scores)} in {len(self.image_ids)} steps')
        if len(labels) and not 0 <= labels.min() <= labels.max() < len(self.cat_ids):
            raise ValueError(f'labels must be in 0..{len(self.cat_ids) - 1}, not {labels.min()}..{labels.max()}')
        if not (np.isfinite(scores).all() and np.isfinite(boxes).all()):
            raise ValueError('boxes and scores must be finite numbers')

    def weights_of(self, image_ids: Sequence[int]) -> np.ndarray:
        """Return the (I,) weights, 0 or 1, that select images."""
        return np.isin(self.image_ids, np.asarray(image_ids, dtype=np.int64)).astype(np.float64)


@dataclass(frozen=True, eq=False)
class MatchedBoxes:
    """Boxes that were matched to the objects of their images, best first in each class.

    An image of weight w counts as w copies of it: 0 leaves it out, the counts of a resample score that resample.

    Attributes:
        num_objects: (I, K) objects to find.
        class_offsets: (K + 1,) first row of each class.
        hits: (M,) bool, whether the box finds an object; a class ends with its last hit, what follows changes nothing.
        images: (M,) int32, the image of each box, a position.
    """

    num_objects: np.ndarray
    class_offsets: np.ndarray
    hits: np.ndarray
    images: np.ndarray

    def ap50(self, weights: np.ndarray | None = None) -> np.ndarray:
        """Score each class.

        Args:
            weights: (I,) or (S, I), not negative: one or many weightings of the images; all equal by default.

        Returns:
            (K,) or (S, K) AP at IoU 0.50; NaN for a class without objects in the weighted images.
        """
        num_images, num_classes = self.num_objects.shape
        given = np.ones(num_images) if weights is None else np.asarray(weights, dtype=np.float64)
        if given.shape[-1] != num_images or given.ndim > 2:
            raise ValueError(f'weights must be ({num_images},) or (S, {num_images}), not {given.shape}')
        columns = np.rint(np.atleast_2d(given) * _GRID) / _GRID
        objects = columns @ self.num_objects
        scores = np.empty(objects.shape)

        def score_columns(start: int, stop: int) -> None:
            for first in range(start, stop, _COLUMNS):
                part = slice(first, min(stop, first + _COLUMNS))
                by_image = np.ascontiguousarray(columns[part].T)
                _average_precision(
                    self.class_offsets, self.hits, self.images, by_image, objects[part], _RECALLS, scores[part]
                )

        split(score_columns, len(columns), cost=len(columns) * len(self.hits))
        return scores.reshape(*given.shape[:-1], num_classes)

    def map50(self, weights: np.ndarray | None = None) -> Any:
        """Score: the mean of `ap50` over the classes present, a float or (S,); NaN where nothing is to be found."""
        return mean_present(self.ap50(weights))


def mean_present(scores: np.ndarray) -> Any:
    """Average over the last axis without NaN; NaN where there is nothing else."""
    present = ~np.isnan(scores)
    with np.errstate(invalid='ignore'):
        mean = np.where(present, scores, 0.0).sum(axis=-1) / present.sum(axis=-1)
    return float(mean) if np.ndim(mean) == 0 else mean


def _rank(
    labels: np.ndarray, scores: np.ndarray, state: np.ndarray, images: np.ndarray, num_classes: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sort the boxes that count by class and falling score, up to the last hit; equal scores keep their order."""
    rows, starts = _group(labels, state, num_classes)
    lengths = np.zeros(num_classes, dtype=np.int64)

    def sort_classes(first: int, last: int) -> None:
        for label in range(first, last):
            part = rows[starts[label] : starts[label + 1]]
            part[:] = part[np.argsort(-scores[part], kind='stable')]
            hits = np.flatnonzero(state[part] == _HIT)
            lengths[label] = hits[-1] + 1 if len(hits) else 0

    split(sort_classes, num_classes, cost=len(rows) * 100)
    parts = [rows[start : start + length] for start, length in zip(starts, lengths, strict=False)]
    kept = np.concatenate(parts) if parts else rows
    return np.concatenate([[0], np.cumsum(lengths)]), state[kept] == _HIT, images[kept]


@kernel
def _group(labels, state, num_classes):
    """Return the rows that count, class by class in their order, and the first one of each class."""
    starts = np.zeros(num_classes + 1, dtype=np.int64)
    for row in range(len(labels)):
        if state[row] != _OUT:
            starts[labels[row] + 1] += 1
    starts = np.cumsum(starts)
    rows = np.empty(starts[num_classes], dtype=np.int64)
    ends = starts[:num_classes].copy()
    for row in range(len(labels)):
        if state[row] != _OUT:
            rows[ends[labels[row]]] = row
            ends[labels[row]] += 1
    return rows, starts


@kernel
def _match(
    start, stop, num_classes, offsets, boxes, labels, scores, truth_offsets, truth, crowd, ignored, state, images
):
    """Match the boxes of images ``start`` to ``stop``, best first, each to the free object it overlaps most."""
    taken = np.zeros(len(truth), dtype=np.bool_)
    for image in range(start, stop):
        first, last = offsets[image], offsets[image + 1]
        images[first:last] = image
        seen = np.zeros(num_classes, dtype=np.int64)
        order = np.arange(first, last)
        if not _falls(scores[first:last]):  # what was fused is sorted already
            order = first + np.argsort(-scores[first:last], kind='mergesort')
        for row in order:
            label = labels[row]
            seen[label] += 1
            if seen[label] > MAX_DETECTIONS:
                continue
            group = image * num_classes + label
            objects = truth_offsets[group], truth_offsets[group + 1]
            best = _best_object(boxes[row], truth, crowd, ignored, taken, objects)
            if best < 0:
                state[row] = _OUT if boxes[row, 2] * boxes[row, 3] > _MAX_AREA else _MISS
            else:
                taken[best] = True
                state[row] = _OUT if ignored[best] else _HIT


@kernel
def _falls(scores):
    return not (scores[1:] > scores[:-1]).any()


@kernel
def _best_object(box, truth, crowd, ignored, taken, objects):
    """Return the object a box finds, or -1: the last of the best ones, and an ignore region only if nothing else is."""
    best, best_iou = -1, IOU_THR
    for index in range(objects[0], objects[1]):
        if taken[index] and not crowd[index]:
            continue
        if best >= 0 and ignored[index] and not ignored[best]:
            break
        width = min(box[0] + box[2], truth[index, 0] + truth[index, 2]) - max(box[0], truth[index, 0])
        height = min(box[1] + box[3], truth[index, 1] + truth[index, 3]) - max(box[1], truth[index, 1])
        if width <= 0 or height <= 0:
            continue
        area = box[2] * box[3]
        union = area if crowd[index] else area + truth[index, 2] * truth[index, 3] - width * height
        iou = width * height / union
        if iou >= best_iou:
            best, best_iou = index, iou
    return best


@kernel
def _average_precision(class_offsets, hits, images, weights, objects, recalls, scores):
    """Fill ``scores`` (S, K): the mean of the precision reached at each recall or beyond it, for weights (I, S)."""
    columns = weights.shape[1]
    for label in range(scores.shape[1]):
        first, last = class_offsets[label], class_offsets[label + 1]
        num_hits = hits[first:last].sum()
        found, missed = np.zeros((num_hits, columns)), np.zeros((num_hits, columns))
        right, wrong = np.zeros(columns), np.zeros(columns)
        at = 0
        for row in range(first, last):
            weight = weights[images[row]]
            if hits[row]:
                for column in range(columns):
                    right[column] += weight[column]
                    found[at, column] = right[column]
                    missed[at, column] = wrong[column]
                at += 1
            else:
                for column in range(columns):
                    wrong[column] += weight[column]
        for column in range(columns):
            total = objects[column, label]
            scores[column, label] = _area(found[:, column], missed[:, column], total, recalls) if total > 0 else np.nan


@kernel
def _area(found, missed, objects, recalls):
    """Average the interpolated precision over the recalls; only hits need be looked at, each miss lowers precision."""
    step = len(recalls) - 1
    best = total = 0.0
    while step >= 0 and (len(found) == 0 or recalls[step] > found[-1] / objects):
        step -= 1
    for at in range(len(found) - 1, -1, -1):
        # The smallest double keeps COCO's code from dividing by 0, and takes part in its results.
        best = max(best, found[at] / (missed[at] + found[at] + 2.220446049250313e-16))
        before = found[at - 1] / objects if at else -1.0
        while step >= 0 and recalls[step] > before:
            total += best
            step -= 1
    return total / len(recalls)
