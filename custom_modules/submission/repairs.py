"""What was put right while a file of predictions was read."""

from collections.abc import Mapping

INDEX_COLUMN = 'unnamed index column (left out)'
OTHER_ORDER = 'columns in another order (read by name)'
BYTE_ORDER_MARK = 'byte order mark (skipped)'
EMPTY_LINES = 'empty lines (left out)'
BLANKS = 'rows with blanks around the PredictionString (cut off)'
DECIMALS = 'rows of labels with a decimal point (read as whole numbers)'
NAN_STRINGS = 'rows with nan for no boxes'
OTHER_PATHS = 'image ids with ./, // or \\ (read as plain paths)'
REPEATED_ROWS = 'rows of a picture that has a row already (put together)'
REPEATED_BOXES = 'boxes that an earlier row of the same picture has (left out)'
NO_ROW = 'pictures without a row (taken as without boxes)'
NO_TXT = 'pictures without a txt file (taken as without boxes)'
SCORES_ABOVE_1 = 'scores above 1 (kept)'
SWAPPED = 'boxes with corners the wrong way round (swapped)'
SIZES = 'boxes written as x, y, width, height (made corners)'
OVER_EDGE = 'boxes over the edge of the picture (clipped)'
NO_AREA = 'boxes without area (left out)'


class Repairs:
    """Counts of repairs by kind, in the order they were first met.

    Args:
        counts: Counts to begin with.
    """

    def __init__(self, counts: Mapping[str, int] | None = None) -> None:
        self.counts: dict[str, int] = dict(counts or {})

    def add(self, kind: str, count: int = 1) -> None:
        """Count repairs of one kind; none is nothing to tell."""
        if count:
            self.counts[kind] = self.counts.get(kind, 0) + int(count)

    def __len__(self) -> int:
        return len(self.counts)

    def __str__(self) -> str:
        """Describe all in one line, empty without any."""
        return '; '.join(f'{kind}: {count}' for kind, count in self.counts.items())
