"""Scores of a segmenter: IoU over a data set, over single pictures and along outlines."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .fast_map50 import mean_present
from .result import Result, rows_of


@dataclass(frozen=True, eq=False)
class SegmentationResult(Result):
    """Scores of one set of label maps, at full precision; all in [0, 1], NaN where there is nothing to score.

    Attributes:
        classes: K names, Background among them.
        confusion: (K, K) int64, pixels by true class (rows) and predicted class (columns).
        image_ids: (P,) int64, the pictures scored.
        image_ious: (P,) mean IoU of each picture over the classes that are in its truth or prediction.
        boundary_intersection: (K,) int64, pixels of the boundaries that truth and prediction share.
        boundary_union: (K,) int64, pixels of the boundaries of either.
        num_ignored_images: Pictures left out because all their pixels are 255.
    """

    MAIN = 'mIoU'
    CLASS_SCORE = 'IoU'
    COLUMNS = ('class', 'pixels', 'predicted', 'IoU', 'accuracy', 'boundary_IoU')

    classes: tuple[str, ...]
    confusion: np.ndarray
    image_ids: np.ndarray
    image_ious: np.ndarray
    boundary_intersection: np.ndarray
    boundary_union: np.ndarray
    num_ignored_images: int = 0

    @property
    def num_images(self) -> int:
        """Pictures scored."""
        return len(self.image_ids)

    @cached_property
    def true_pixels(self) -> np.ndarray:
        """(K,) int64, pixels of each class."""
        return self.confusion.sum(axis=1)

    @cached_property
    def predicted_pixels(self) -> np.ndarray:
        """(K,) int64, pixels predicted as each class."""
        return self.confusion.sum(axis=0)

    @cached_property
    def per_class_iou(self) -> np.ndarray:
        """(K,) IoU over all pictures; NaN for a class in neither truth nor prediction."""
        return ious_of(self.confusion.diagonal(), self.true_pixels, self.predicted_pixels)

    @cached_property
    def per_class_acc(self) -> np.ndarray:
        """(K,) share of a class's pixels that were predicted as it; NaN for a class that is not there."""
        return ratio(self.confusion.diagonal(), self.true_pixels)

    @cached_property
    def per_class_boundary_iou(self) -> np.ndarray:
        """(K,) Boundary IoU over all pictures (see ``count_boundaries``); NaN like ``per_class_iou``."""
        return ratio(self.boundary_intersection, self.boundary_union)

    @property
    def mIoU(self) -> float:
        """Mean of ``per_class_iou`` over the classes in truth or prediction, upstream's mIoU."""
        return mean_present(self.per_class_iou)

    @property
    def mIoU_per_image(self) -> float:
        """Mean over the pictures of their ``image_ious``: each picture counts the same, however rare its classes."""
        return mean_present(self.image_ious)

    @property
    def mAcc(self) -> float:
        """Mean of ``per_class_acc`` over the classes in the truth."""
        return mean_present(self.per_class_acc)

    @property
    def aAcc(self) -> float:
        """Share of all pixels whose class was predicted."""
        return float(ratio(self.confusion.trace(), self.confusion.sum()))

    @property
    def boundary_IoU(self) -> float:
        """Mean of ``per_class_boundary_iou`` over the classes in truth or prediction."""
        return mean_present(self.per_class_boundary_iou)

    def summary(self) -> dict[str, float]:
        """Return the figures over all classes by name."""
        return {name: getattr(self, name) for name in ('mIoU', 'mIoU_per_image', 'mAcc', 'aAcc', 'boundary_IoU')}

    def facts(self) -> dict:
        """Return the numbers of pictures, and the confusion as lists."""
        confusion = self.confusion.tolist()
        return {'num_images': self.num_images, 'num_ignored_images': self.num_ignored_images, 'confusion': confusion}

    def class_rows(self) -> list[list]:
        """Return the scores of each class."""
        counts = (self.true_pixels, self.predicted_pixels)
        return rows_of(self.classes, *counts, self.per_class_iou, self.per_class_acc, self.per_class_boundary_iou)

    def total_row(self) -> list:
        """Return the pixels in all, and the means over the classes."""
        counts = [int(self.true_pixels.sum()), int(self.predicted_pixels.sum())]
        return ['mean', *counts, self.mIoU, self.mAcc, self.boundary_IoU]

    def remarks(self) -> list[str]:
        """Return what has no column."""
        left_out = f', {self.num_ignored_images} left out: no pixel counts' if self.num_ignored_images else ''
        return [
            f'mean IoU of a picture {self.mIoU_per_image:.4f} ({self.num_images} pictures{left_out}), '
            f'share of right pixels {self.aAcc:.4f}'
        ]


def ious_of(both: np.ndarray, true: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Divide intersections by unions, elementwise; NaN where both areas are 0.

    Args:
        both: Pixels of the intersections.
        true: Pixels of the classes.
        predicted: Pixels predicted as them.
    """
    return ratio(both, true + predicted - both)


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Divide elementwise; NaN where the whole is 0."""
    with np.errstate(invalid='ignore'):
        return np.asarray(part) / whole
