"""Scores as a table to read and as files to keep."""

import csv
import json
import math
from collections.abc import Sequence
from pathlib import Path

from custom_modules.utils import atomic_write

from .result import Result


def format_table(result: Result) -> str:
    """Render the scores per class as text.

    Args:
        result: Scores, of a detector or a segmenter.

    Returns:
        Lines of a table with four decimals and ``-`` for what a class lacks; the last row is the mean over the classes
        present.  What has no column follows below.
    """
    rows = [[_cell(value) for value in row] for row in (*result.class_rows(), result.total_row())]
    widths = [max(map(len, column)) for column in zip(result.COLUMNS, *rows, strict=True)]
    lines = [_align(row, widths) for row in (result.COLUMNS, *rows)]
    rule = '-' * len(lines[0])
    return '\n'.join([lines[0], rule, *lines[1:-1], rule, lines[-1], *result.remarks()])


def save_result(result: Result, folder: str | Path) -> None:
    """Write ``metrics.json`` and ``per_class.csv`` (for masks of a detector: names with ``segm_`` before).

    The numbers are not rounded; NaN is ``null`` in the json and an empty cell in the csv.

    Args:
        result: Scores.
        folder: Where to; made if missing.
    """
    folder = Path(folder)
    with atomic_write(folder / f'{result.file_prefix}metrics.json') as file:
        json.dump(result_to_dict(result), file, indent=2)
        file.write('\n')
    with atomic_write(folder / f'{result.file_prefix}per_class.csv') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(result.COLUMNS)
        writer.writerows([['' if _is_nan(cell) else cell for cell in row] for row in result.class_rows()])


def result_to_dict(result: Result) -> dict:
    """Return all figures (not the curves) as json values, NaN as None.

    Args:
        result: Scores.

    Returns:
        The ``facts()`` (of a detector ``iou_type`` and ``num_images``), the figures of ``summary()`` and ``classes``,
        one dict per class.
    """
    classes = [dict(zip(result.COLUMNS, row, strict=True)) for row in result.class_rows()]
    return _without_nan({**result.facts(), **result.summary(), 'classes': classes})


def _align(cells: Sequence[str], widths: list[int]) -> str:
    first = cells[0].ljust(widths[0])
    return '  '.join([first, *(cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))])


def _cell(value: object) -> str:
    if isinstance(value, float):
        return '-' if math.isnan(value) else f'{value:.4f}'
    return str(value)


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _without_nan(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    return None if _is_nan(value) else value
