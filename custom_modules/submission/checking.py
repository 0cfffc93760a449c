"""Checking a submission as its graders would: everything that is wrong with it, not only the first thing."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from custom_modules.utils import UserError

from . import repairs as kinds
from .detection_csv import read_detection_csv
from .detection_table import DetectionTable
from .hints import fraction_hint, name_hint, size_hint
from .pictures import Pictures
from .placing import EDGE_TOLERANCE, picture_sizes, place, value_problems

REFUSED_BY_GRADERS = {
    kinds.INDEX_COLUMN: 'an unnamed index column',
    kinds.EMPTY_LINES: 'empty lines',
    kinds.DECIMALS: 'rows of labels with a decimal point',
    kinds.NAN_STRINGS: 'rows with nan instead of an empty PredictionString',
    kinds.OTHER_PATHS: 'image ids with ./, // or \\, unlike the file names of the data set',
    kinds.REPEATED_ROWS: 'rows of a picture that has a row already',
}
"""What reading puts right and graders do not."""


@dataclass(frozen=True)
class SubmissionCheck:
    """What is known about a submission.

    Attributes:
        num_rows: Pictures with a row.
        num_boxes: Boxes in all.
        num_empty: Pictures with a row and no boxes.
        scores: Least and greatest score; None without boxes.
        labels_missing: Labels, with class names, that no box has.
        errors: What graders refuse or misread, a line each, with counts and the first place.
        notes: What is odd and harmless.
        warnings: What graders take, and what is likely to be meant in another way.
        obstacle: Why writing it again cannot put it right; None where it can.
    """

    num_rows: int
    num_boxes: int
    num_empty: int
    scores: tuple[float, float] | None
    labels_missing: tuple[str, ...]
    errors: tuple[str, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    obstacle: str | None = None


def check_submission(path: str | Path, coco: Any) -> SubmissionCheck:
    """Check a competition csv of detections.

    Every picture of the data set has one row and no other has; labels are those of the data set; corners are ordered,
    with area between them, and inside the picture.

    Args:
        path: The csv.
        coco: The data set the competition scores, ``CocoData`` or a COCO dict; annotations are not needed.

    Raises:
        UserError: The file cannot be read as a submission at all.
    """
    table, pictures = read_detection_csv(path), Pictures.of_data(coco)
    wrong = {text: table.repairs.counts.get(kind, 0) for kind, text in REFUSED_BY_GRADERS.items()}
    errors = [f'{text}: {count}' for text, count in wrong.items() if count]
    errors += _picture_errors(table, pictures)
    errors += _value_errors(table, pictures)
    errors += _box_errors(table, pictures)
    counts = {kind: count for kind, count in table.repairs.counts.items() if kind not in REFUSED_BY_GRADERS}
    counts.pop(kinds.REPEATED_BOXES, None)  # told by their rows
    counts |= {'scores above 1': count} if (count := np.count_nonzero(table.scores > 1)) else {}
    return SubmissionCheck(
        num_rows=len(table.names),
        num_boxes=len(table),
        num_empty=len(table.names) - len(np.unique(table.pictures)),
        scores=(float(table.scores.min()), float(table.scores.max())) if len(table) else None,
        labels_missing=tuple(
            f'{label} ({name})' for label, name in enumerate(pictures.classes) if not (table.labels == label).any()
        ),
        errors=tuple(errors),
        notes=tuple(f'{kind}: {count}' for kind, count in counts.items()),
        warnings=tuple(filter(None, [fraction_hint(table.boxes_xyxy)])),
        obstacle=_obstacle(path, pictures) if errors else None,
    )


def _obstacle(path: str | Path, pictures: Pictures) -> str | None:
    try:
        place(read_detection_csv(path), pictures)
    except UserError as error:
        return str(error).removeprefix(f'{path}: ')
    return None


def _picture_errors(table: DetectionTable, pictures: Pictures) -> list[str]:
    known, given, errors = pictures.id_of_name, set(table.names), []
    if missing := [name for name in known if name not in given]:
        errors.append(f'pictures of {pictures.short_source} without a row: {len(missing)} (the first: {missing[0]})')
    unknown = [index for index, name in enumerate(table.names) if name not in known]
    if unknown:
        first = f'{table.places[unknown[0]]}: {table.names[unknown[0]]:.80}'
        hint = name_hint([table.names[index] for index in unknown], len(table.names), pictures)
        errors.append(f'pictures that are not in {pictures.short_source}: {len(unknown)} (the first: {first}){hint}')
    return errors


def _value_errors(table: DetectionTable, pictures: Pictures) -> list[str]:
    return [
        f'boxes with a wrong number: {np.count_nonzero(wrong)} (the first: {table.where(row)}: {reason(row)})'
        for wrong, reason in value_problems(table, pictures)
        if wrong.any() and (row := int(np.argmax(wrong))) >= 0
    ]


def _box_errors(table: DetectionTable, pictures: Pictures) -> list[str]:
    """Judge boxes by their own numbers, and by their picture where it is known."""
    low, high = table.boxes_xyxy[:, :2], table.boxes_xyxy[:, 2:]
    known = np.array([name in pictures.id_of_name for name in table.names], dtype=bool)[table.pictures]
    ids = np.array([pictures.id_of_name.get(name, 0) for name in table.names], dtype=np.int64)[table.pictures]
    limits = np.full((len(table), 2), np.inf)
    limits[known] = picture_sizes(ids[known], pictures)[:, ::-1]
    outside = ((low < -EDGE_TOLERANCE) | (high > limits + EDGE_TOLERANCE) | (high < 0) | (low > limits)).any(axis=1)
    found = [
        ('boxes with x_max < x_min or y_max < y_min', (high < low).any(axis=1)),
        ('boxes without area', (high == low).any(axis=1)),
        ('boxes that are not inside their picture', outside),
    ]
    hints = {found[0][0]: size_hint(table.boxes_xyxy)}
    return [f'{text}: {_count(wrong, table.where)}{hints.get(text, "")}' for text, wrong in found if wrong.any()]


def _count(wrong: np.ndarray, where: Callable[[int], str]) -> str:
    return f'{np.count_nonzero(wrong)} (the first: {where(int(np.argmax(wrong)))})'
