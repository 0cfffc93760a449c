"""What one member says of one picture, and how a band of it is added to the scores of the classes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from . import kernels


class Band(NamedTuple):
    """Some rows of a picture.

    Attributes:
        first: Its first row.
        last: The row after its last one.
        height: Of the picture, pixels.
        width: Of the picture, pixels.
    """

    first: int
    last: int
    height: int
    width: int

    @property
    def num_pixels(self) -> int:
        """Pixels of the band."""
        return (self.last - self.first) * self.width

    @property
    def first_pixel(self) -> int:
        """Its first pixel in the picture, row by row."""
        return self.first * self.width


@dataclass(frozen=True, eq=False)
class Layer:
    """What a member says of a picture, of any size: it is resized as it is added.

    Probabilities and the map of each class (1 where the label is) are resized bilinearly, with pixels as areas, as
    OpenCV's ``INTER_LINEAR`` does: never the labels, between which nothing lies.

    Attributes:
        values: (C, h, w) uint8 or uint16 stored probabilities, or (h, w) uint8 labels, each below C.
        scale: What stored probabilities are multiplied by; without use for labels.
        give_back: Called when the values are not needed for a while, to give back the memory of a mapped file.
    """

    values: np.ndarray
    scale: float = 1.0
    give_back: Callable[[], None] | None = None

    def release(self) -> None:
        """Say that the values are not needed for a while."""
        if self.give_back is not None:
            self.give_back()

    @property
    def is_labels(self) -> bool:
        """Whether it has labels instead of probabilities."""
        return self.values.ndim == 2

    @cached_property
    def _flat(self) -> np.ndarray:
        """The values with all pixels in a row."""
        return np.ascontiguousarray(self.values).reshape(*self.values.shape[:-2], -1)

    def has_size(self, band: Band) -> bool:
        """Tell whether it is of the picture's size."""
        return self.values.shape[-2:] == (band.height, band.width)

    def add(self, band: Band, weights: np.ndarray, unit: float, scores: np.ndarray) -> None:
        """Add its probabilities in a band.

        Args:
            band: The rows.
            weights: (C,) of its classes.
            unit: What a probability of 1 counts.
            scores: (C, n) float32, added to.
        """
        # A whole number of stored steps where the unit is one: sums are exact then, and equal ones are equal.
        factors = (weights * (unit if self.is_labels else self.scale * unit)).astype(np.float32)
        if self.has_size(band):
            add = kernels.add_labels if self.is_labels else kernels.add_stored
            add(self._flat, factors, band.first_pixel, scores)
            return
        height, width = self.values.shape[-2:]
        rows = places_between(height, band.height)[band.first : band.last]
        columns = places_between(width, band.width)
        add = kernels.add_resized_labels if self.is_labels else kernels.add_resized
        add(self.values, factors, rows, columns, scores)

    def best(self, band: Band, num_classes: int) -> np.ndarray:
        """Return its most probable class in a band, (n,) uint8; the lower label where two are equal."""
        if self.has_size(band) and self.is_labels:
            return self._flat[band.first_pixel : band.first_pixel + band.num_pixels]
        labels = np.empty(band.num_pixels, np.uint8)
        if self.has_size(band):
            best = np.empty(band.num_pixels, self.values.dtype)
            kernels.best_stored(self._flat, band.first_pixel, best, labels)
            return labels
        ones, scores = np.ones(num_classes, np.float32), np.zeros((num_classes, band.num_pixels), np.float32)
        self.add(band, ones, unit_of([self]), scores)
        kernels.best_scores(scores, ones, np.empty(band.num_pixels, np.float32), labels)
        return labels


def unit_of(layers: Sequence[Layer]) -> float:
    """Return what a probability of 1 counts, so that stored steps are added as whole numbers."""
    return 65535.0 if any(layer.values.dtype == np.uint16 for layer in layers) else 255.0


def places_between(size: int, wanted: int) -> np.ndarray:
    """Tell where the middles of pixels lie among those of another size.

    Args:
        size: Pixels there are.
        wanted: Pixels there are going to be.

    Returns:
        (wanted, 3) float32: the two pixels each lies between, and how far it is from the first one (0 to 1); at the
        edges both are the outermost one.
    """
    middles = np.clip((np.arange(wanted) + 0.5) * size / wanted - 0.5, 0, size - 1)
    before = np.floor(middles)
    return np.stack([before, np.minimum(before + 1, size - 1), middles - before], axis=1).astype(np.float32)
