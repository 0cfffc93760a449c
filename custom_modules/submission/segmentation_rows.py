"""The rows of a competition csv of segmentation, one after another: a file of any size takes the memory of one row."""

import csv
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from custom_modules.utils import UserError

from . import repairs as kinds
from .detection_csv import find_columns
from .detection_table import normal_name
from .number_text import NotNumbersError, parse_numbers
from .repairs import Repairs

SIDE = 256
"""Height and width of a submitted label map, pixels."""
COLUMNS = ('image_id', 'PredictionString')
_LONGEST = 1 << 25  # bytes; a row of 256 x 256 labels has 130 to 262 thousand
_MOST_LABELS = 255  # 255 itself stands for pixels that do not count


class BadRowError(ValueError):
    """A PredictionString that is no label map; the message says why, without the place."""


@dataclass(frozen=True)
class Row:
    """A row as it is written.

    Attributes:
        line: Its number, from 1 on.
        name: Its picture, normalised by ``normal_name``.
        text: Its PredictionString.
        start: Where its line begins, bytes.
        length: Of its line, bytes.
    """

    line: int
    name: str
    text: str
    start: int
    length: int


@dataclass(frozen=True)
class Columns:
    """Where the two columns stand, and how many there are in all."""

    name_at: int
    text_at: int
    width: int


def read_rows(path: Path, repairs: Repairs) -> Iterator[Row]:
    """Read a csv row by row.

    Args:
        path: The file; UTF-8, with or without a byte order mark.
        repairs: Where it is counted what is put right: an unnamed index column, blanks, empty lines, other paths,
            decimal points, the columns in another order.

    Yields:
        Its rows; PredictionStrings are not looked at.

    Raises:
        UserError: The file cannot be read, has other columns, or a row is broken; the message names file and line.
    """
    try:
        with open(path, 'rb') as file:
            columns, start, empty = None, 0, 0
            for line, content in enumerate(iter(lambda: file.readline(_LONGEST), b''), start=1):
                text = _decode(content, path, line, repairs)
                if not text.strip(' \t\r\n,"'):
                    empty += 1
                elif columns is None:
                    columns = _read_head(text, str(path), repairs)
                else:
                    repairs.add(kinds.EMPTY_LINES, empty)  # those at the end are the rule
                    empty = 0
                    name, string = split_row(text, columns, f'{path}: line {line}')
                    repairs.add(kinds.OTHER_PATHS, normal_name(name) != name.strip())
                    repairs.add(kinds.BLANKS, string != string.strip())
                    repairs.add(kinds.DECIMALS, '.' in string)
                    yield Row(line, normal_name(name), string, start, len(content))
                start += len(content)
    except OSError as error:
        raise UserError(f'{path}: cannot be read ({error.strerror})') from None
    if columns is None:
        raise UserError(f'{path}: is empty; a submission begins with the line {",".join(COLUMNS)}')


def read_columns(path: Path) -> Columns:
    """Read where the columns stand from the head line."""
    with open(path, 'rb') as file:
        lines = (_decode(content, path, 1, Repairs()) for content in iter(lambda: file.readline(_LONGEST), b''))
        head = next(text for text in lines if text.strip(' \t\r\n,"'))
    return _read_head(head, str(path), Repairs())


def _decode(content: bytes, path: Path, line: int, repairs: Repairs) -> str:
    if len(content) >= _LONGEST:
        raise UserError(f'{path}: line {line}: has more than {_LONGEST >> 20} MiB; this is no csv of label maps')
    try:
        text = content.decode('utf-8')
    except UnicodeDecodeError as error:
        raise UserError(f'{path}: line {line}: is not text in UTF-8 (byte {error.start} of it)') from None
    if line == 1 and text.startswith('\ufeff'):
        repairs.add(kinds.BYTE_ORDER_MARK)
        return text[1:]
    return text


def _read_head(text: str, source: str, repairs: Repairs) -> Columns:
    fields = _fields(text, f'{source}: the head line')
    text_at, name_at, width = find_columns(fields, source, repairs, COLUMNS)
    repairs.add(kinds.OTHER_ORDER, name_at > text_at)
    return Columns(name_at, text_at, width)


def split_row(text: str, columns: Columns, place: str) -> tuple[str, str]:
    """Return the image_id and the PredictionString of a line.

    Args:
        text: The line.
        columns: Where they stand.
        place: File and line, for messages.

    Raises:
        UserError: It has another number of fields, or no name.
    """
    fields = _fields(text, place)
    if len(fields) != columns.width:
        raise UserError(f'{place}: has {len(fields)} fields, the head line has {columns.width}; is it cut off?')
    if not fields[columns.name_at].strip():
        raise UserError(f'{place}: the image_id is empty; it is the file_name of the picture in the json')
    return fields[columns.name_at], fields[columns.text_at]


def _fields(text: str, place: str) -> list[str]:
    text = text.rstrip('\r\n')
    if '"' not in text:
        return text.split(',')
    limit = csv.field_size_limit(sys.maxsize)
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error as error:
        raise UserError(f'{place}: not a row of a csv ({error})') from None
    finally:
        csv.field_size_limit(limit)


def parse_labels(text: str, classes: Sequence[str] | None = None) -> np.ndarray:
    """Read a PredictionString.

    Args:
        text: 65536 labels, row by row.
        classes: Names by label; without, labels up to 254 are believed.

    Returns:
        (256, 256) uint8.

    Raises:
        BadRowError: It has another number of pixels, or one that is no label.
    """
    try:
        numbers, counts = parse_numbers([text.strip()])
    except NotNumbersError as error:
        raise BadRowError(
            f'{error.word!r:.40} is no label; a PredictionString is {SIDE * SIDE} class numbers with blanks between'
        ) from None
    if counts[0] != SIDE * SIDE:
        raise BadRowError(f'has {counts[0]} labels, not {SIDE} x {SIDE} = {SIDE * SIDE}; {_count_remedy(numbers)}')
    check_labels(numbers, classes)
    return numbers.astype(np.uint8).reshape(SIDE, SIDE)


def check_labels(labels: np.ndarray, classes: Sequence[str] | None = None) -> None:
    """Refuse numbers that are no labels.

    Args:
        labels: Of any shape and type.
        classes: As above.

    Raises:
        BadRowError: One is none; the message says which pixel.
    """
    labels, limit = labels.ravel(), _MOST_LABELS if classes is None else len(classes)
    wrong = ~((labels >= 0) & (labels < limit))
    if labels.dtype.kind == 'f':
        wrong |= labels != np.rint(labels)
    if not wrong.any():
        return
    pixel = int(np.argmax(wrong))
    value, where = labels[pixel], f'pixel {pixel + 1}'
    more = f' ({np.count_nonzero(wrong)} such pixels)' if np.count_nonzero(wrong) > 1 else ''
    if value == _MOST_LABELS and limit <= _MOST_LABELS:
        raise BadRowError(f'{where} is 255, which stands for pixels that do not count; give each a class{more}')
    if np.isfinite(value) and value == np.rint(value):
        known = f'0 to {limit - 1}' if classes is None else f'0 ({classes[0]}) to {limit - 1} ({classes[-1]})'
        raise BadRowError(f'{where} is {value:g}: labels are {known}; is this about other classes?{more}')
    raise BadRowError(f'{where} is {value:g}: labels are whole numbers, neither scores nor probabilities{more}')


def _count_remedy(numbers: np.ndarray) -> str:
    side = math.isqrt(len(numbers))
    if side * side == len(numbers) and side > 1:
        return f'{side} x {side} must be shrunk first, let tools/submit.py write it from the predictions'
    if len(numbers) % 6 == 0 and (numbers != np.rint(numbers)).any():
        return 'is this a csv of detections?'
    return 'is it cut off?' if len(numbers) < SIDE * SIDE else 'are there two rows in one?'
