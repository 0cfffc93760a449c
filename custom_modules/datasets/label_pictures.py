"""Label pictures: files whose pixel values are classes, read without being converted beforehand."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from custom_modules.utils import UserError, atomic_write

IGNORED = 255
FORMATS = ('PNG', 'BMP', 'TIFF', 'PPM')
"""Formats that keep every value; a JPEG smears them."""
MODES = ('1', 'L', 'P')
"""Pillow's names for one channel of at most 8 bits, and for a palette."""
COMMAND = 'python tools/index_labels.py'
# Pillow stretches grey values of fewer bits to 0..255: this undoes it.
_STRETCHED = {'L;2': 85, 'L;4': 17}


def read_values(path: str | Path) -> np.ndarray:
    """Read the raw values of a label picture.

    Args:
        path: A file of one channel of at most 8 bits; of a palette the positions count.

    Returns:
        (H, W) uint8.

    Raises:
        ValueError: It has several channels or more bits.
        OSError: It cannot be read.
    """
    with Image.open(path, formats=FORMATS) as picture:
        if picture.mode not in MODES:
            raise ValueError(f'is {picture.mode}, not one channel of 8 bits')
        raw_mode = picture.tile[0][3] if picture.tile else None
        values = np.array(picture, dtype=np.uint8)
    raw_mode = raw_mode[0] if isinstance(raw_mode, tuple) else raw_mode
    return values // _STRETCHED[raw_mode] if raw_mode in _STRETCHED else values


def drawn_name(image_id: int, path: str | Path, ending: str) -> str:
    """Name a drawing of a picture, or with the ending ``_labels.png`` its predicted label picture.

    Args:
        image_id: Its id, which tells pictures of the same name in different folders apart.
        path: The picture.
        ending: What stands in the place of its suffix.
    """
    return f'{image_id:06d}_{Path(path).stem[:100]}{ending}'


def write_labels(path: str | Path, labels: np.ndarray, palette: Sequence[Sequence[int]]) -> None:
    """Write labels as a picture of one byte a pixel with a palette: programs read labels and people see colours.

    Args:
        path: A png.
        labels: (H, W) uint8.
        palette: RGB colour per label; labels above, such as 255, are white.
    """
    image = Image.fromarray(labels)
    # One for every value: Pillow writes what lies beyond a shorter palette as its last colour.
    image.putpalette([channel for color in [*palette, *[(255, 255, 255)] * (256 - len(palette))] for channel in color])
    with atomic_write(path, 'wb') as file:
        image.save(file, 'PNG', bits=8)  # fewer for few classes otherwise, which not every program reads


class LabelTable:
    """Turns raw values into labels.

    Args:
        values: Raw values of each class; the label of a class is its position.
        void: Raw values that do not count.
    """

    def __init__(self, values: Sequence[Iterable[int]], void: Iterable[int]) -> None:
        self._table = np.full(256, IGNORED, np.uint8)
        self._unknown = np.ones(256, np.uint8)
        self._unknown[list(void)] = 0
        for label, of_class in enumerate(values):
            for value in of_class:
                self._table[value], self._unknown[value] = label, 0

    def labels(self, values: np.ndarray) -> np.ndarray:
        """Map raw values.

        Args:
            values: (H, W) uint8.

        Returns:
            (H, W) uint8, 255 for void.

        Raises:
            ValueError: A value is neither a class's nor void.
        """
        if cv2.LUT(values, self._unknown).any():
            raise ValueError(describe(self.unknown(np.bincount(values.ravel(), minlength=256))))
        return cv2.LUT(values, self._table)

    def unknown(self, counts: np.ndarray) -> dict[int, int]:
        """Give the values that are neither a class's nor void, with their pixels.

        Args:
            counts: (256,) int, pixels of each value.
        """
        return {int(value): int(counts[value]) for value in np.flatnonzero(self._unknown & (counts > 0))}

    def pixels(self, counts: np.ndarray, num_classes: int) -> np.ndarray:
        """Add pixels up by class.

        Args:
            counts: (256,) int, pixels of each value.
            num_classes: How many classes there are.

        Returns:
            (num_classes,) int64.
        """
        known = self._table < num_classes
        pixels = np.zeros(num_classes, np.int64)
        np.add.at(pixels, self._table[known], counts[known])
        return pixels


def describe(unknown: dict[int, int]) -> str:
    """Name unknown values with their pixels."""
    some = [f'value {value} on {count} pixel' + 's' * (count != 1) for value, count in list(unknown.items())[:5]]
    return ', '.join(some) + (', ...' if len(unknown) > 5 else '')


def label_table(categories: Sequence[dict], void: Iterable[int]) -> LabelTable:
    """Make the table of a data set.

    Args:
        categories: Its categories, sorted by id, with ``values``.
        void: Raw values that do not count.
    """
    return LabelTable([category['values'] for category in categories], void)


def load_labels(path: str | Path | None, table: LabelTable, height: int, width: int) -> np.ndarray:
    """Load the label map of a picture.

    Args:
        path: Its label picture; None where there is none.
        table: The data set's.
        height: Of the picture, px.
        width: Of the picture, px.

    Returns:
        (height, width) uint8; 255 does not count, and without a label picture nothing does.

    Raises:
        UserError: The file cannot be read, has another size, or a value that is neither a class's nor void.
    """
    if path is None:
        return np.full((height, width), IGNORED, np.uint8)
    try:
        labels = table.labels(read_values(path))
    except (OSError, ValueError) as error:
        raise UserError(f'{path}: {error}; {COMMAND} lists all that is wrong with the label pictures') from None
    if labels.shape != (height, width):
        size = f'{labels.shape[1]} x {labels.shape[0]}'
        raise UserError(f'{path}: is {size}, the json says {width} x {height}; index the pictures anew: {COMMAND}')
    return labels
