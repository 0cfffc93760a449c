"""Scoring label maps picture by picture, in memory that does not grow with their size."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from custom_modules.datasets.label_maps import MAX_CLASSES
from custom_modules.utils import UserError

from .boundary import count_boundaries
from .confusion import as_label_map, count_confusion
from .fast_map50 import mean_present
from .segmentation_result import SegmentationResult, ious_of


class PictureCounts(NamedTuple):
    """All that scores need to know about a picture, some hundred bytes.

    Attributes:
        cells: (N,) uint16, row x K + column of the cells of its confusion that are not 0.
        pixels: (N,) int64, what stands in them.
        labels: (L,) uint8, classes with a boundary.
        boundaries: (2, L) int64, intersection and union of theirs.
    """

    cells: np.ndarray
    pixels: np.ndarray
    labels: np.ndarray
    boundaries: np.ndarray


def count_picture(labels: np.ndarray, truth: np.ndarray, num_classes: int) -> PictureCounts:
    """Compare a predicted label map with the true one.

    Args:
        labels: (H, W) integers, predicted classes, 0 to K - 1.
        truth: (H, W) integers, true classes, and 255 where nothing counts.
        num_classes: K.

    Raises:
        ValueError: The shapes differ, or a value is no class.
    """
    labels, truth = as_label_map(labels, 'prediction'), as_label_map(truth, 'truth')
    confusion = count_confusion(labels, truth, num_classes).reshape(-1)
    cells = np.flatnonzero(confusion)
    boundaries = count_boundaries(labels, truth, num_classes)
    present = np.flatnonzero(boundaries[1])
    return PictureCounts(
        cells.astype(np.uint16), confusion[cells], present.astype(np.uint8), boundaries[:, present].copy()
    )


class SegmentationScorer:
    """Collect the counts of pictures, each once, and score them.

    Args:
        classes: K names in label order, Background among them.

    Attributes:
        pictures: Counts by the id of the picture.

    Raises:
        ValueError: There are no classes, or more than a byte has room for.
    """

    def __init__(self, classes: Sequence[str]) -> None:
        if not 0 < len(classes) <= MAX_CLASSES:
            raise ValueError(f'{len(classes)} classes: a label map has 1 to {MAX_CLASSES}')
        self.classes = tuple(classes)
        self.pictures: dict[int, PictureCounts] = {}

    def add(self, image_id: int, labels: np.ndarray, truth: np.ndarray) -> None:
        """Compare a prediction with the truth; of a picture that comes again the first one counts.

        Args:
            image_id: Of the picture.
            labels: (H, W) integers, predicted classes, 0 to K - 1.
            truth: (H, W) integers, true classes, and 255 where nothing counts.

        Raises:
            ValueError: The shapes differ, or a value is no class; the message names picture and value.
        """
        if image_id in self.pictures:
            return
        try:
            self.pictures[image_id] = count_picture(labels, truth, len(self.classes))
        except ValueError as error:
            raise ValueError(f'picture {image_id}: {error}') from None

    def merge(self, other: 'SegmentationScorer') -> None:
        """Take over what another scorer, of another process for example, has counted.

        Raises:
            ValueError: Its classes are others.
        """
        if other.classes != self.classes:
            raise ValueError(f'scorers of other classes: {other.classes} and {self.classes}')
        for image_id, counts in other.pictures.items():
            self.pictures.setdefault(image_id, counts)

    def result(self) -> SegmentationResult:
        """Score what there is.

        A picture without a pixel that counts has no IoU: it is left out, and counted.

        Raises:
            UserError: There is no picture, or none has a pixel that counts.
        """
        if not self.pictures:
            raise UserError('nothing to score: no picture was predicted')
        scored = {number: counts for number, counts in sorted(self.pictures.items()) if len(counts.cells)}
        if not scored:
            raise UserError(f'nothing to score: no pixel of the {len(self.pictures)} pictures counts')
        parts, num_classes = list(scored.values()), len(self.classes)
        boundaries = np.zeros((2, num_classes), dtype=np.int64)
        np.add.at(boundaries.T, _joined(parts, 'labels'), np.hstack([part.boundaries for part in parts]).T)
        cells, pixels = _joined(parts, 'cells'), _joined(parts, 'pixels')
        owners = np.repeat(np.arange(len(parts)), [len(part.cells) for part in parts])
        return SegmentationResult(
            classes=self.classes,
            confusion=_sums((num_classes, num_classes), np.divmod(cells, num_classes), pixels),
            image_ids=np.array(list(scored), dtype=np.int64),
            image_ious=_image_ious(owners, *np.divmod(cells, num_classes), pixels, (len(parts), num_classes)),
            boundary_intersection=boundaries[0],
            boundary_union=boundaries[1],
            num_ignored_images=len(self.pictures) - len(scored),
        )


def _image_ious(
    owners: np.ndarray, rows: np.ndarray, columns: np.ndarray, pixels: np.ndarray, shape: tuple[int, int]
) -> np.ndarray:
    """Return the mean IoU of each picture over the classes in its truth or prediction."""
    right = rows == columns
    both = _sums(shape, (owners[right], rows[right]), pixels[right])
    return mean_present(ious_of(both, _sums(shape, (owners, rows), pixels), _sums(shape, (owners, columns), pixels)))


def _sums(shape: tuple[int, int], places: tuple[np.ndarray, np.ndarray], values: np.ndarray) -> np.ndarray:
    sums = np.zeros(shape, dtype=np.int64)
    np.add.at(sums, places, values)
    return sums


def _joined(parts: Sequence[PictureCounts], name: str) -> np.ndarray:
    """Put the same arrays of all pictures behind each other, as indices where they are small."""
    return np.concatenate([getattr(part, name) for part in parts]).astype(np.int64)
