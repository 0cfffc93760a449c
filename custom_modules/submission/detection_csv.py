"""The competition csv of detections: ``PredictionString,image_id``, one row a picture.

The string is ``label score xmin ymin xmax ymax`` for each box, pixels; label = position of the category in the data
set's file sorted by id; image_id = ``file_name`` of the data set.
"""

import csv
import io
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from custom_modules.evaluation import Predictions
from custom_modules.evaluation.predictions import round_significant
from custom_modules.utils import UserError, atomic_write

from . import repairs as kinds
from .detection_table import DetectionTable, normal_name
from .number_text import NotNumbersError, parse_numbers
from .repairs import Repairs

COLUMNS = ('PredictionString', 'image_id')
NUMBERS_PER_BOX = 6
_BOX = '%d %.8g %.8g %.8g %.8g %.8g'


def read_detection_csv(path: str | Path) -> DetectionTable:
    """Read a submission as it is written.

    Put right and counted: an unnamed index column, blanks around strings, empty lines, names with ``./`` or other
    slashes, ``nan`` in the place of an empty string, a picture in several rows (its boxes are put together, those
    that are there already left out).

    Args:
        path: The file; UTF-8, with or without a byte order mark, any line ends.

    Returns:
        Boxes in file order.  Their values are not checked.

    Raises:
        UserError: The file cannot be read, has other columns, or a row is no row of boxes; the message names file and
            line.
    """
    source, repairs = str(path), Repairs()
    lines, strings, names = _read_rows(_read_text(Path(path), repairs), source, repairs)
    strings = _clean_strings(strings, repairs)
    try:
        numbers, counts = parse_numbers(strings)
    except NotNumbersError as error:
        raise UserError(
            f'{source}: line {lines[error.index]} ({names[error.index]:.80}): {error.word!r:.60} is not a number; '
            'a PredictionString is made of: label score xmin ymin xmax ymax'
        ) from None
    _check_counts(counts, lines, names, source)
    values = numbers.reshape(-1, NUMBERS_PER_BOX)
    rows = np.repeat(np.arange(len(names)), counts // NUMBERS_PER_BOX)
    unique, picture_of_row = _number_pictures(names, repairs)
    kept = _new_boxes(values, rows, picture_of_row, len(unique), repairs)
    values, rows = values[kept], rows[kept]
    box_in_row = np.arange(len(kept)) - np.searchsorted(rows, rows)
    return DetectionTable(
        source=source,
        names=unique,
        pictures=picture_of_row[rows],
        labels=values[:, 0],
        scores=values[:, 1],
        boxes_xyxy=values[:, 2:],
        places=[f'line {lines[row]}' for row in np.unique(picture_of_row, return_index=True)[1]],
        where=lambda box: f'line {lines[rows[box]]} ({names[rows[box]]:.80}), box {box_in_row[box] + 1}',
        repairs=repairs,
    )


def write_detection_csv(
    path: str | Path,
    predictions: Predictions,
    image_names: Mapping[int, str],
    category_ids: Sequence[int],
) -> int:
    """Write a submission: every picture once, those without boxes with an empty string.

    Args:
        path: The csv; it appears under its name only when it is complete.
        predictions: Finite rows.
        image_names: ``file_name`` by image id, in the order of the rows; it knows every picture of ``predictions``.
        category_ids: All categories, ascending: a category's position is its label.

    Returns:
        How many boxes were left out because their 8 significant digits leave no area.
    """
    table = _numbers(predictions, category_ids)
    with_area = (table[:, 4:] > table[:, 2:4]).all(axis=1)
    table, ids = table[with_area], predictions.image_ids[with_area]
    with atomic_write(path) as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(COLUMNS)
        writer.writerows(zip(_box_strings(table, ids, list(image_names)), image_names.values(), strict=True))
    return len(predictions) - len(table)


def _read_text(path: Path, repairs: Repairs) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f'{path}: cannot be read ({error.strerror})') from None
    try:
        text = content.decode('utf-8')
    except UnicodeDecodeError as error:
        raise UserError(f'{path}: is not text in UTF-8 (byte {error.start}); save it as a csv in UTF-8') from None
    if text.startswith('\ufeff'):
        repairs.add(kinds.BYTE_ORDER_MARK)
        text = text[1:]
    return text


def _read_rows(text: str, source: str, repairs: Repairs) -> tuple[list[int], list[str], list[str]]:
    """Return the line, the PredictionString and the image_id of each row."""
    rows = _quoted_rows(text, source) if '"' in text else _plain_rows(text)
    full = [(line, row) for line, row in rows if any(map(str.strip, row))]
    while rows and not any(map(str.strip, rows[-1][1])):  # at the end they are the rule
        rows.pop()
    repairs.add(kinds.EMPTY_LINES, len(rows) - len(full))
    if not full:
        raise UserError(f'{source}: is empty; a submission begins with the line {",".join(COLUMNS)}')
    string_at, name_at, width = find_columns(full[0][1], source, repairs)
    if len(full) == 1:
        raise UserError(f'{source}: has no rows below its head line')
    for line, row in full[1:]:
        if len(row) != width:
            raise UserError(f'{source}: line {line}: has {len(row)} fields, the head line has {width}; is it cut off?')
        if not row[name_at].strip():
            raise UserError(f'{source}: line {line}: the image_id is empty')
    lines, fields = zip(*full[1:], strict=True)
    return list(lines), [row[string_at] for row in fields], [row[name_at] for row in fields]


def _plain_rows(text: str) -> list[tuple[int, list[str]]]:
    """Return line and fields of each row where nothing is quoted, faster than the csv module does."""
    lines = text.replace('\r\n', '\n').replace('\r', '\n').removesuffix('\n').split('\n')
    return [(number, line.split(',')) for number, line in enumerate(lines, start=1)]


def _quoted_rows(text: str, source: str) -> list[tuple[int, list[str]]]:
    limit = csv.field_size_limit(sys.maxsize)  # a picture may have thousands of boxes
    try:
        # Universal line ends: the csv module knows no lone \r.
        reader = csv.reader(io.StringIO(text, newline=None), strict=True)
        start, rows = 1, []
        for row in reader:
            rows.append((start, row))
            start = reader.line_num + 1
        return rows
    except csv.Error as error:
        raise UserError(f'{source}: line {start}: not a row of a csv ({error})') from None
    finally:
        csv.field_size_limit(limit)


def find_columns(
    head: list[str], source: str, repairs: Repairs, columns: Sequence[str] = COLUMNS
) -> tuple[int, int, int]:
    """Find the two columns of a submission; an unnamed one is counted among the repairs.

    Args:
        head: Fields of the head line.
        source: The file, for messages.
        repairs: Where it is counted.
        columns: Their names in the order of the competition, for messages.

    Returns:
        The position of the PredictionString, that of the image_id, and the number of all columns.

    Raises:
        UserError: There are others.
    """
    head = [name.strip() for name in head]
    unnamed = [name for name in head if not name or name.startswith('Unnamed:')]
    if sorted(name for name in head if name not in unnamed) != sorted(COLUMNS):
        raise UserError(f'{source}: has the columns {",".join(head)!r:.120}, a submission has {",".join(columns)}')
    repairs.add(kinds.INDEX_COLUMN, len(unnamed))
    return head.index(COLUMNS[0]), head.index(COLUMNS[1]), len(head)


def _clean_strings(strings: list[str], repairs: Repairs) -> list[str]:
    stripped = [string.strip() for string in strings]
    padded = sum(len(old) != len(new) for old, new in zip(strings, stripped, strict=True))
    repairs.add(kinds.BLANKS, padded)
    missing = {index for index, string in enumerate(stripped) if len(string) == 3 and string.lower() == 'nan'}
    repairs.add(kinds.NAN_STRINGS, len(missing))
    return ['' if index in missing else string for index, string in enumerate(stripped)] if missing else stripped


def _check_counts(counts: np.ndarray, lines: list[int], names: list[str], source: str) -> None:
    wrong = np.flatnonzero(counts % NUMBERS_PER_BOX)
    if not wrong.size:
        return
    row = wrong[0]
    remedy = 'is it cut off?'
    if counts[row] == 256 * 256:
        remedy = 'this is a submission of segmentation'
    elif not (counts % 5).any():
        remedy = 'a score or a label is missing' if counts.sum() else remedy
    raise UserError(
        f'{source}: line {lines[row]} ({names[row]:.80}): has {counts[row]} numbers, a box has six '
        f'(label score xmin ymin xmax ymax); {remedy}'
    )


def _number_pictures(names: list[str], repairs: Repairs) -> tuple[list[str], np.ndarray]:
    """Return the pictures, each once, and which of them each row is about."""
    normal = [normal_name(name) for name in names]
    other = sum(name.strip() != new for name, new in zip(names, normal, strict=True))
    repairs.add(kinds.OTHER_PATHS, other)
    numbers: dict[str, int] = {}
    picture_of_row = np.array([numbers.setdefault(name, len(numbers)) for name in normal], dtype=np.int64)
    repairs.add(kinds.REPEATED_ROWS, len(names) - len(numbers))
    return list(numbers), picture_of_row


def _new_boxes(
    values: np.ndarray, rows: np.ndarray, picture_of_row: np.ndarray, num_pictures: int, repairs: Repairs
) -> np.ndarray:
    """Return the boxes to keep: all but those of a later row that an earlier row of the same picture has, too."""
    row_counts = np.bincount(picture_of_row, minlength=num_pictures)
    kept = np.ones(len(values), dtype=bool)
    for picture in np.flatnonzero(row_counts > 1):
        seen: set[bytes] = set()
        for row in np.flatnonzero(picture_of_row == picture):
            boxes = np.arange(*np.searchsorted(rows, [row, row + 1]))
            keys = [values[box].tobytes() for box in boxes]
            kept[boxes] = [key not in seen for key in keys]
            seen.update(keys)
    repairs.add(kinds.REPEATED_BOXES, np.count_nonzero(~kept))
    return np.flatnonzero(kept)


def _numbers(predictions: Predictions, category_ids: Sequence[int]) -> np.ndarray:
    """Return (N, 6) float64: label, score and corners, as they are written."""
    assert np.isin(predictions.category_ids, category_ids).all()
    labels = np.searchsorted(np.asarray(category_ids, dtype=np.int64), predictions.category_ids)
    low, size = predictions.boxes_xywh[:, :2], predictions.boxes_xywh[:, 2:]
    numbers = np.column_stack([labels, predictions.scores, low, low + size])
    assert np.isfinite(numbers).all(), 'predictions must be finite'
    return round_significant(numbers)


def _box_strings(table: np.ndarray, ids: np.ndarray, image_ids: list[int]) -> Iterable[str]:
    """Yield the PredictionString of each picture."""
    assert np.isin(ids, image_ids).all()
    order = np.argsort(ids, kind='stable')
    table, ids = table[order], ids[order]
    starts, stops = (np.searchsorted(ids, image_ids, side=side).tolist() for side in ('left', 'right'))
    for start, stop in zip(starts, stops, strict=True):
        yield ' '.join([_BOX] * (stop - start)) % tuple(table[start:stop].ravel().tolist())
