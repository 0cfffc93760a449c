"""What numbers and names that cannot be right were likely meant to be."""

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

import numpy as np

from custom_modules.utils import did_you_mean, similar_names

from .pictures import Pictures

_MANY_SWAPPED = 0.1  # corners of a real detector are never upside down


def label_hint(labels: np.ndarray, pictures: Pictures) -> str:
    """Guess what labels out of range count from.

    Args:
        labels: (N,) as written.
        pictures: The data set.

    Returns:
        What to put at the end of a message; empty without a guess.
    """
    if pictures.classes is None or not len(labels):
        return ''
    num_classes, low, high = len(pictures.category_ids), labels.min(), labels.max()
    if low >= 1 and high == num_classes:
        return f'; labels look shifted by one, they run from {low:g} to {high:g}: labels count from 0, so subtract 1'
    if np.isin(labels, list(pictures.category_ids)).all():
        return '; these look like the ids of categories: a label is the place of the id among all of them, from 0'
    return ''


def name_hint(unknown: Sequence[str], num_names: int, pictures: Pictures, known: Iterable[str] | None = None) -> str:
    """Guess how names of pictures that the data set does not have differ from its own.

    Args:
        unknown: The names, at least one.
        num_names: How many names the file has.
        pictures: The data set.
        known: What names are compared with; the data set's by default.

    Returns:
        What to put at the end of a message; empty without a guess.
    """
    first = PurePosixPath(unknown[0])
    others = [name for name in pictures.id_of_name if PurePosixPath(name).stem == first.stem]
    same_name = next((name for name in others if PurePosixPath(name).name == first.name), None)
    if same_name is not None:
        return f'; the folders are other ones or missing: it is called {same_name}'
    if others and str(first.parent) in (str(PurePosixPath(others[0]).parent), '.'):
        return f'; the suffix is another one or missing: it is called {others[0]}'
    if len(unknown) == num_names:
        return '; is this file about another data set?'
    return did_you_mean(similar_names(unknown[0], pictures.id_of_name if known is None else known, most=1))


def size_hint(boxes_xyxy: np.ndarray) -> str:
    """Guess whether boxes (N, 4) are written as x, y, width, height: many of them are upside down as corners."""
    swapped = (boxes_xyxy[:, 2:] < boxes_xyxy[:, :2]).any(axis=1)
    if np.count_nonzero(swapped) < _MANY_SWAPPED * len(boxes_xyxy) or (boxes_xyxy[:, 2:] < 0).any():
        return ''
    return '; the boxes look like x, y, width, height, where x_min, y_min, x_max, y_max belong'


def fraction_hint(boxes_xyxy: np.ndarray) -> str | None:
    """Warn where all corners (N, 4) lie within 0 to 1: nothing that is seen is that small; None where they do not."""
    if not len(boxes_xyxy) or not ((boxes_xyxy >= 0) & (boxes_xyxy <= 1)).all():
        return None
    return "all coordinates are from 0 to 1, as parts of the picture's sides are; corners are counted in pixels"
