"""Prediction files: COCO results json, written in a stream and checked when read.

A file is a json array of records ``image_id, category_id, bbox [x, y, w, h], score[, segmentation RLE]``, one record
a line; numbers have 8 significant digits.
"""

import contextlib
import json
import math
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from custom_modules.utils import UserError, atomic_write
from custom_modules.utils.jit import numba

from .plain_results import read_plain_results
from .predictions import Predictions, check_known
from .record_text import LINE, record_text
from .rle import compress_rle, mask_api, rle_error

_NUMBERS = frozenset({int, float})
_ROWS_AT_ONCE = 4096


class PredictionWriter:
    """Write a COCO results file piece by piece; it appears under its name only when the block succeeds.

    Args:
        path: The json to write; missing folders are made.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.num_written = 0
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> 'PredictionWriter':
        self._file = self._stack.enter_context(atomic_write(self.path))
        self._file.write('[')
        return self

    def add(self, predictions: Predictions) -> None:
        """Append rows.

        Args:
            predictions: Finite rows of any number of pictures.
        """
        if predictions.segmentations is not None or numba is None:
            self.add_lines(record_lines(predictions))
            return
        _check_finite(predictions)
        columns = (predictions.image_ids, predictions.category_ids, predictions.boxes_xywh, predictions.scores)
        for start in range(0, len(predictions), _ROWS_AT_ONCE):
            part = [column[start : start + _ROWS_AT_ONCE] for column in columns]
            text = record_text(*part)
            self._file.write(text if self.num_written else text[1:])
            self.num_written += len(part[0])

    def add_lines(self, lines: Iterable[str]) -> None:
        """Append rows that :func:`record_lines` wrote."""
        for line in lines:
            self._file.write(',\n' if self.num_written else '\n')
            self._file.write(line)
            self.num_written += 1

    def __exit__(self, *error: Any) -> bool | None:
        if error[0] is None:
            self._file.write('\n]\n')
        return self._stack.__exit__(*error)


def write_predictions(path: str | Path, predictions: Predictions) -> None:
    """Write all rows to a COCO results json at once (see :class:`PredictionWriter`)."""
    with PredictionWriter(path) as writer:
        writer.add(predictions)


def read_predictions(path: str | Path, coco: Any = None) -> Predictions:
    """Read and check a COCO results json.

    Args:
        path: The file.
        coco: Data set (``CocoData`` or a COCO dict) whose images and categories the records must name.

    Returns:
        All rows in file order.  A record with a segmentation and no ``bbox`` gets the mask's box.

    Raises:
        UserError: The file is missing, no json or no list of records, or a record is wrong; the message names the file,
            the record (from 0) and the field.
    """
    content = _read_bytes(Path(path))
    predictions = _without_masks(content)
    if predictions is None or not _finite(predictions):
        records = _load_records(content, path)
        try:
            predictions = _columns(records)
        except (KeyError, TypeError, ValueError, OverflowError, RuntimeError, AttributeError):
            predictions = None
        if predictions is None or not _finite(predictions):
            raise UserError(f'{path}: {_first_error(records)}')
    if coco is not None:
        check_known(predictions, coco, str(path))
    return predictions


def record_lines(predictions: Predictions) -> Iterator[str]:
    """Write rows as a file has them.

    Args:
        predictions: Finite rows.

    Yields:
        A COCO result record each, json on one line.
    """
    _check_finite(predictions)
    columns = (predictions.image_ids, predictions.category_ids, *predictions.boxes_xywh.T, predictions.scores)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    if predictions.segmentations is None:
        for row in rows:
            yield LINE % row + '}'
    else:
        for row, rle in zip(rows, predictions.segmentations, strict=True):
            yield f'{LINE % row},"segmentation":{json.dumps(rle, separators=(",", ":"))}}}'


def _check_finite(predictions: Predictions) -> None:
    numbers = (predictions.boxes_xywh, predictions.scores)
    assert all(np.isfinite(column).all() for column in numbers), 'predictions must be finite'


def parse_lines(lines: Iterable[str]) -> Predictions:
    """Read rows that :func:`record_lines` wrote.

    Args:
        lines: A record each.

    Returns:
        The same rows.
    """
    return _columns(json.loads(f'[{",".join(lines)}]'))


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UserError(f'{path}: no such predictions file') from None
    except (OSError, ValueError) as error:
        raise UserError(f'{path}: not a readable json file ({error})') from None


def _without_masks(content: bytes) -> Predictions | None:
    """Read records without masks the fast way; None where there is anything else."""
    columns = read_plain_results(content)
    return None if columns is None else Predictions(*columns)


def _load_records(content: bytes, path: str | Path) -> list:
    try:
        records = json.loads(content.decode('utf-8-sig'))
    except (ValueError, RecursionError) as error:
        raise UserError(f'{path}: not a readable json file ({error})') from None
    if isinstance(records, dict) and 'images' in records:
        raise UserError(f'{path}: this is a data set, not predictions: give a COCO results file (a list of records)')
    if not isinstance(records, list):
        raise UserError(f'{path}: a COCO results file is a list of records, this holds a {type(records).__name__}')
    return records


def _columns(records: list[dict]) -> Predictions | None:
    """Turn records into columns; None or any error means that some record is wrong."""
    has_mask = bool(records) and 'segmentation' in records[0]
    if sum('segmentation' in record for record in records) != has_mask * len(records):
        return None
    ids = [[record[field] for record in records] for field in ('image_id', 'category_id')]
    boxes = [_box(record) for record in records]
    scores = [record['score'] for record in records]
    if not set(map(type, chain(*ids))) <= {int} or not set(map(type, chain(scores, *boxes))) <= _NUMBERS:
        return None
    if has_mask and any(rle_error(record['segmentation']) for record in records):
        return None
    return Predictions(
        image_ids=np.asarray(ids[0], dtype=np.int64),
        category_ids=np.asarray(ids[1], dtype=np.int64),
        boxes_xywh=np.asarray(boxes, dtype=np.float64).reshape(len(records), 4),
        scores=np.asarray(scores, dtype=np.float64),
        segmentations=[compress_rle(record['segmentation']) for record in records] if has_mask else None,
    )


def _box(record: dict) -> list[float]:
    if 'bbox' not in record:
        return mask_api.toBbox(compress_rle(record['segmentation'])).tolist()
    if len(record['bbox']) != 4:
        raise ValueError('a box has four numbers')
    return record['bbox']


def _finite(predictions: Predictions) -> bool:
    boxes = predictions.boxes_xywh
    return bool(np.isfinite(boxes).all() and np.isfinite(predictions.scores).all() and (boxes[:, 2:] >= 0).all())


def _first_error(records: list) -> str:
    has_mask = isinstance(records[0], dict) and 'segmentation' in records[0]
    for index, record in enumerate(records):
        if reason := _record_error(record, has_mask):
            return f'record {index}: {reason}'
    raise AssertionError('a file was refused without a reason')


def _record_error(record: Any, has_mask: bool) -> str | None:
    if not isinstance(record, dict):
        return f'is not a record but {record!r:.40}'
    required = ['image_id', 'category_id', 'score', *([] if 'segmentation' in record else ['bbox'])]
    if missing := [field for field in required if field not in record]:
        return f'"{missing[0]}" is missing'
    for field in ('image_id', 'category_id'):
        if type(record[field]) is not int or abs(record[field]) >= 2**63:
            return f'"{field}" must be a whole number, not {record[field]!r:.40}'
    if type(record['score']) not in _NUMBERS or not math.isfinite(record['score']):
        return f'"score" must be a finite number, not {record["score"]!r:.40}'
    if ('segmentation' in record) != has_mask:
        return '"segmentation" must be in all records or in none'
    if has_mask and (reason := rle_error(record['segmentation'])):
        return f'"segmentation" {reason}'
    return _box_error(record['bbox']) if 'bbox' in record else None


def _box_error(box: Any) -> str | None:
    if not isinstance(box, list) or len(box) != 4 or any(type(number) not in _NUMBERS for number in box):
        return f'"bbox" must be four numbers [x, y, width, height], not {box!r:.60}'
    if not all(map(math.isfinite, box)) or min(box[2:]) < 0:
        return f'"bbox" must be finite with width and height from 0 on, not {box!r:.60}'
    return None
