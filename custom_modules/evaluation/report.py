"""Detection scores as a table to read and as files to keep."""

import csv
import json
import math
from pathlib import Path

from custom_modules.utils import atomic_write

from .coco_map import DetectionResult

COLUMNS = ('class', 'objects', 'predictions', 'AP50', 'AP', 'AP75', 'recall50')


def format_table(result: DetectionResult) -> str:
    """Render the scores per class as text.

    Args:
        result: Scores.

    Returns:
        Lines of a table with four decimals and ``-`` for classes absent from the scoring file; the last row is the
        mean over the classes present.
    """
    rows = [[*map(str, row[:3]), *(_four_decimals(value) for value in row[3:])] for row in class_rows(result)]
    totals = [str(result.num_objects.sum()), str(result.num_predictions.sum())]
    means = [result.mAP50, result.mAP, result.mAP75, _mean_present(result.recall50)]
    rows.append(['mean', *totals, *(_four_decimals(value) for value in means)])
    widths = [max(map(len, column)) for column in zip(COLUMNS, *rows, strict=True)]
    lines = [_align(row, widths) for row in (COLUMNS, *rows)]
    rule = '-' * len(lines[0])
    return '\n'.join([lines[0], rule, *lines[1:-1], rule, lines[-1]])


def save_result(result: DetectionResult, folder: str | Path) -> None:
    """Write ``metrics.json`` and ``per_class.csv`` (for masks: names with ``segm_`` before).

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
        writer.writerow(COLUMNS)
        writer.writerows([['' if _is_nan(cell) else cell for cell in row] for row in class_rows(result)])


def result_to_dict(result: DetectionResult) -> dict:
    """Return all figures (not the curves) as json values, NaN as None.

    Args:
        result: Scores.

    Returns:
        ``iou_type``, ``num_images``, the figures of ``summary()`` and ``classes``, one dict per class.
    """
    classes = [dict(zip(COLUMNS, row, strict=True)) for row in class_rows(result)]
    figures = {'iou_type': result.iou_type, 'num_images': result.num_images, **result.summary()}
    return _without_nan({**figures, 'classes': classes})


def class_rows(result: DetectionResult) -> list[list]:
    """Return the scores of each class in the order of ``COLUMNS``, NaN for what a class without objects lacks."""
    columns = (result.num_objects, result.num_predictions, result.ap50, result.ap, result.ap75, result.recall50)
    return [list(row) for row in zip(result.classes, *(column.tolist() for column in columns), strict=True)]


def _align(cells: tuple | list, widths: list[int]) -> str:
    first = cells[0].ljust(widths[0])
    return '  '.join([first, *(cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))])


def _four_decimals(value: float) -> str:
    return '-' if math.isnan(value) else f'{value:.4f}'


def _mean_present(values) -> float:
    present = [value for value in values if not math.isnan(value)]
    return sum(present) / len(present) if present else math.nan


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _without_nan(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    return None if _is_nan(value) else value
