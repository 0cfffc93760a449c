"""The competition csv of segmentation: ``image_id,PredictionString``, one row a picture.

The string is 256 x 256 class numbers with blanks between them, row by row; 0 is Background, the categories of the data
set's file, sorted by id, follow; image_id = ``file_name`` of the data set.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from custom_modules.utils import UserError, atomic_write, did_you_mean, similar_names

from .detection_table import normal_name
from .repairs import Repairs
from .segmentation_rows import (
    COLUMNS,
    SIDE,
    BadRowError,
    Row,
    check_labels,
    parse_labels,
    read_columns,
    read_rows,
    split_row,
)

_TEXTS = np.array([str(label) for label in range(256)], dtype=object)


class SegmentationCsv(Mapping[str, np.ndarray]):
    """The label maps of a csv by picture; see :func:`read_segmentation_csv`.

    Attributes:
        path: The file.
        repairs: What is put right while it is read.
    """

    def __init__(self, path: Path, places: Mapping[str, Row], classes: Sequence[str] | None, repairs: Repairs) -> None:
        self.path, self.classes, self.repairs = path, classes, repairs
        self._places, self._columns = places, read_columns(path)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the pictures in the order of the file."""
        return tuple(self._places)

    def place(self, name: str) -> str:
        """Say where a picture stands, for messages."""
        return f'{self.path}: line {self._places[name].line} ({name:.80})'

    def __getitem__(self, name: str) -> np.ndarray:
        """Read the label map of a picture, (256, 256) uint8.

        Raises:
            KeyError: The file has no such picture.
            UserError: It has changed since it was opened.
        """
        row = self._places[name]
        with open(self.path, 'rb') as file:
            file.seek(row.start)
            content = file.read(row.length)
        try:
            text = split_row(content.decode('utf-8'), self._columns, self.place(name))[1]
            return parse_labels(text, self.classes)
        except ValueError as error:
            raise UserError(f'{self.place(name)}: was changed while it was read ({error}); start again') from None

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def read_segmentation_csv(path: str | Path, classes: Sequence[str] | None = None) -> SegmentationCsv:
    """Open a submission; every row is checked once, and read again when it is asked for.

    Put right and counted: an unnamed index column, blanks around strings, empty lines, names with ``./`` or other
    slashes, the columns in another order.

    Args:
        path: The file.
        classes: Names by label; without, labels up to 254 are believed.

    Returns:
        The label maps by picture; in memory are the names and where their rows begin.

    Raises:
        UserError: The file cannot be read as a submission: other columns, a picture twice, a wrong number of pixels,
            or one that is no label; the message names file and row.
    """
    path, repairs = Path(path), Repairs()
    places: dict[str, Row] = {}
    for row in read_rows(path, repairs):
        place = f'{path}: line {row.line} ({row.name:.80})'
        if row.name in places:
            raise UserError(f'{place}: has a row already, line {places[row.name].line}; leave one of them out')
        try:
            parse_labels(row.text, classes)
        except BadRowError as error:
            raise UserError(f'{place}: {error}') from None
        places[row.name] = Row(row.line, row.name, '', row.start, row.length)
    if not places:
        raise UserError(f'{path}: has no rows below its head line')
    return SegmentationCsv(path, places, classes, repairs)


def write_segmentation_csv(
    path: str | Path,
    rows: Iterable[tuple[str, np.ndarray]],
    *,
    classes: Sequence[str] | None = None,
    names: Sequence[str] | None = None,
) -> int:
    """Write a submission, one row after another.

    Args:
        path: The csv; it appears under its name only when it is complete.
        rows: ``file_name`` and labels of each picture, (256, 256) whole numbers.
        classes: Names by label; without, labels up to 254 are taken.
        names: The pictures that must have a row, each once; any by default.

    Returns:
        How many rows were written.

    Raises:
        UserError: Labels have another shape or mean no class, or a picture is unknown, missing or comes twice; nothing
            is written then.
    """
    known = None if names is None else dict.fromkeys(names)
    written: set[str] = set()
    with atomic_write(path) as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(COLUMNS)
        for name, labels in rows:
            place = f'{path}: row {len(written) + 1} ({name:.80})'
            if name in written:
                raise UserError(f'{place}: the picture comes twice; every picture has one row')
            if known is not None and name not in known:
                raise UserError(f'{place}: no such picture{did_you_mean(similar_names(name, known, most=1))}')
            written.add(name)
            writer.writerow([name, _text_of(np.asarray(labels), classes, place)])
        if known is not None and len(written) < len(known):
            missing = [name for name in known if name not in written]
            raise UserError(f'{path}: {len(missing)} pictures got no labels, such as {missing[0]}; predict on all')
    return len(written)


def _text_of(labels: np.ndarray, classes: Sequence[str] | None, place: str) -> str:
    if labels.shape != (SIDE, SIDE):
        raise UserError(f'{place}: labels are {" x ".join(map(str, labels.shape))}, not {SIDE} x {SIDE}; shrink them')
    try:
        check_labels(labels, classes)
    except BadRowError as error:
        raise UserError(f'{place}: {error}') from None
    return ' '.join(_TEXTS[labels.ravel().astype(np.uint8)])


def check_pictures(given: Iterable[str], wanted: Sequence[str], source: str, of: str) -> None:
    """Refuse other pictures than those of a data set.

    Args:
        given: Normalised names.
        wanted: Names of the data set.
        source: Where the first come from.
        of: What the data set is called.

    Raises:
        UserError: One is missing or unknown.
    """
    given, wanted = dict.fromkeys(given), {normal_name(name): name for name in wanted}
    missing, unknown = (
        [name for name in some if name not in other] for some, other in ((wanted, given), (given, wanted))
    )
    if unknown:
        hint = did_you_mean(similar_names(unknown[0], missing, most=1)) if missing else ''
        raise UserError(
            f'{source}: {len(unknown)} pictures are not in {of}, such as {unknown[0]:.80}'
            f'{hint or "; give the json they are of by --ann"}'
        )
    if missing:
        raise UserError(f'{source}: {len(missing)} pictures of {of} are missing, such as {missing[0]}; predict on all')
