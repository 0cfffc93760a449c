"""What tables, files, trackers and reports ask of any scores."""

import math
from collections.abc import Sequence
from typing import ClassVar


class Result:
    """Scores over all classes and of each class.

    Attributes:
        MAIN: Name of the score that decides.
        CLASS_SCORE: Column with the one score of a class that is worth a curve.
        COLUMNS: Heads of a table with a row per class; the first is ``class``.
        classes: K names, in label order.
    """

    MAIN: ClassVar[str]
    CLASS_SCORE: ClassVar[str]
    COLUMNS: ClassVar[tuple[str, ...]]
    classes: tuple[str, ...]

    @property
    def file_prefix(self) -> str:
        """What the names of files about these scores begin with."""
        return ''

    def facts(self) -> dict:
        """Return what was scored, as json values."""
        raise NotImplementedError

    def summary(self) -> dict[str, float]:
        """Return the figures over all classes by name (no prefix)."""
        raise NotImplementedError

    def class_rows(self) -> list[list]:
        """Return the cells of each class in the order of ``COLUMNS``, NaN for what a class lacks."""
        raise NotImplementedError

    def total_row(self) -> list:
        """Return the cells of all classes together: sums of counts, means of scores."""
        raise NotImplementedError

    def remarks(self) -> list[str]:
        """Return lines for below the table."""
        return []

    def class_scores(self) -> dict[str, float]:
        """Return ``CLASS_SCORE`` by class; classes without it are missing."""
        at = self.COLUMNS.index(self.CLASS_SCORE)
        return {row[0]: row[at] for row in self.class_rows() if not math.isnan(row[at])}


def rows_of(names: Sequence[str], *columns) -> list[list]:
    """Put names and arrays, one value a class, into rows of Python numbers."""
    return [list(row) for row in zip(names, *(column.tolist() for column in columns), strict=True)]
