"""Tables of detections turned into predictions on known pictures, checked and put right."""

from collections.abc import Callable

import numpy as np

from custom_modules.evaluation import Predictions
from custom_modules.utils import UserError

from . import repairs as kinds
from .detection_table import DetectionTable
from .hints import label_hint, name_hint
from .pictures import MAX_LABEL, Pictures, endings
from .repairs import Repairs

MAX_WRONG = 0.01
"""The share of boxes that may be noise; more of them means that the file is written in another way."""
EDGE_TOLERANCE = 0.01
"""Pixels a box may reach over its picture: what is left of rounding."""

FEWEST_SIZES, SIZES_SWAPPED = 20, 0.1
"""So many boxes, and this share upside down, make it certain that width and height stand in the place of a corner."""


def place(table: DetectionTable, pictures: Pictures) -> Predictions:
    """Give the detections of a table ids, and boxes that can be meant.

    Args:
        table: What was read; repairs are added to its own.
        pictures: Where they belong.

    Returns:
        Rows in the order of the table.

    Raises:
        UserError: A picture is unknown, a number is not finite, a label no class, or the boxes cannot be meant.
    """
    ids = _find_pictures(table, pictures)
    missing = len(pictures.sizes) - len(set(ids.tolist()))
    table.repairs.add(kinds.NO_TXT if table.is_yolo else kinds.NO_ROW, missing)
    for wrong, reason in value_problems(table, pictures):
        if wrong.any():
            row = int(np.argmax(wrong))
            raise UserError(f'{table.source}: {table.where(row)}: {reason(row)}')
    table.repairs.add(kinds.SCORES_ABOVE_1, np.count_nonzero(table.scores > 1))
    image_ids = ids[table.pictures]
    boxes_xyxy = table.boxes_xyxy
    if table.is_yolo:
        _check_normalised(table)
        boxes_xyxy = boxes_xyxy * picture_sizes(image_ids, pictures)[:, [1, 0, 1, 0]]
    if _are_sizes(boxes_xyxy, image_ids, pictures) and not table.is_yolo:
        table.repairs.add(kinds.SIZES, len(boxes_xyxy))
        boxes_xyxy = np.hstack([boxes_xyxy[:, :2], boxes_xyxy[:, :2] + boxes_xyxy[:, 2:]])
    boxes_xyxy = _order_corners(boxes_xyxy, table)
    predictions = Predictions(
        image_ids=image_ids,
        category_ids=np.asarray(pictures.category_ids, dtype=np.int64)[table.labels.astype(np.int64)],
        boxes_xywh=np.hstack([boxes_xyxy[:, :2], boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]]),
        scores=table.scores,
    )
    return fit_into_pictures(predictions, pictures, table.source, table.where, table.repairs)


def fit_into_pictures(
    predictions: Predictions, pictures: Pictures, source: str, where: Callable[[int], str], repairs: Repairs
) -> Predictions:
    """Clip boxes to their pictures and leave out those without area.

    Args:
        predictions: Rows on known pictures.
        pictures: Their sizes.
        source: The file, for messages.
        where: Says where a row stands in it.
        repairs: Where changes are counted.

    Returns:
        The same object if nothing had to be changed.

    Raises:
        UserError: More than 1 % of the boxes have their centre outside the picture.
    """
    boxes_xywh = predictions.boxes_xywh
    limits = picture_sizes(predictions.image_ids, pictures)[:, ::-1]
    low, high = boxes_xywh[:, :2], boxes_xywh[:, :2] + boxes_xywh[:, 2:]
    centres = (low + high) / 2
    _refuse_many(
        ((centres < -EDGE_TOLERANCE) | (centres > limits + EDGE_TOLERANCE)).any(axis=1),
        'lie outside their pictures; are these the right sizes, and the corners in pixels?',
        source,
        lambda row: f'{where(row)} in a picture of {limits[row, 0]:g} x {limits[row, 1]:g}',
    )
    over = ((low < -EDGE_TOLERANCE) | (high > limits + EDGE_TOLERANCE)).any(axis=1)
    if over.any():
        repairs.add(kinds.OVER_EDGE, np.count_nonzero(over))
        low, high = np.clip(low, 0, limits), np.clip(high, 0, limits)
        clipped = np.where(over[:, None], np.hstack([low, high - low]), boxes_xywh)
        predictions = Predictions(
            predictions.image_ids, predictions.category_ids, clipped, predictions.scores, predictions.segmentations
        )
    with_area = (predictions.boxes_xywh[:, 2:] > 0).all(axis=1)
    if with_area.all():
        return predictions
    repairs.add(kinds.NO_AREA, np.count_nonzero(~with_area))
    return predictions.select(with_area)


def _find_pictures(table: DetectionTable, pictures: Pictures) -> np.ndarray:
    """Return the image id of each of the table's pictures."""
    if table.is_yolo:
        ids = [_find_by_ending(name, table, pictures) for name in table.names]
    else:
        ids = [pictures.id_of_name.get(name) for name in table.names]
    unknown = [index for index, image_id in enumerate(ids) if image_id is None]
    if unknown:
        name, place = table.names[unknown[0]], table.places[unknown[0]]
        known = pictures.ids_of_ending if table.is_yolo else pictures.id_of_name
        hint = name_hint([table.names[index] for index in unknown], len(ids), pictures, known)
        raise UserError(
            f'{table.source}: {place}: the picture {name:.80} is not in {pictures.short_source} '
            f'({len(unknown)} of {len(ids)} pictures are unknown){hint}'
        )
    _check_once(ids, table)
    return np.array(ids, dtype=np.int64)


def _check_once(ids: list[int], table: DetectionTable) -> None:
    first: dict[int, int] = {}
    for index, image_id in enumerate(ids):
        other = first.setdefault(image_id, index)
        if other != index:
            raise UserError(
                f'{table.source}: {table.places[other]} and {table.places[index]} are about the same picture; '
                'give a folder that holds one of them'
            )


def _find_by_ending(name: str, table: DetectionTable, pictures: Pictures) -> int | None:
    for ending in endings(name):
        found = pictures.ids_of_ending.get(ending, [])
        if len(found) > 1:
            meant = ' or '.join(pictures.names[image_id] for image_id in found[:2])
            raise UserError(
                f'{table.source}: {name:.80}.txt may be about {meant}; name txt files with the folders of the pictures'
            )
        if found:
            return found[0]
    return None


def value_problems(table: DetectionTable, pictures: Pictures) -> list[tuple[np.ndarray, Callable[[int], str]]]:
    """Look for numbers and labels that mean nothing.

    Args:
        table: What was read.
        pictures: Where it belongs.

    Returns:
        Kinds of problems: (N,) bool, which rows have it, and what to say about one of them.
    """
    labels, scores = table.labels, table.scores
    finite = np.isfinite(labels) & np.isfinite(scores) & np.isfinite(table.boxes_xyxy).all(axis=1)
    out_of_range = (labels < 0) | (labels >= len(pictures.category_ids))
    order = 'class cx cy w h confidence' if table.is_yolo else 'label score xmin ymin xmax ymax'
    return [
        (~finite, lambda row: 'a number is NaN or infinite'),
        (
            finite & (labels != np.rint(labels)),
            lambda row: f'the label {labels[row]:g} is no whole number; the order is: {order}',
        ),
        (
            finite & out_of_range,
            lambda row: f'the label {labels[row]:g} {_range_text(pictures)}{label_hint(labels, pictures)}',
        ),
        (finite & (scores < 0), lambda row: f'the score {scores[row]:g} is below 0; the order is: {order}'),
    ]


def _range_text(pictures: Pictures) -> str:
    if pictures.classes is None:
        return f'cannot be a class; labels are whole numbers from 0 (to {MAX_LABEL} where no --ann gives the classes)'
    last = len(pictures.classes) - 1
    return (
        f'is out of range: {pictures.short_source} has the labels 0 ({pictures.classes[0]}) to {last} '
        f'({pictures.classes[last]})'
    )


def _check_normalised(table: DetectionTable) -> None:
    centres = (table.boxes_xyxy[:, :2] + table.boxes_xyxy[:, 2:]) / 2
    _refuse_many(
        ((centres < 0) | (centres > 1)).any(axis=1),
        "are not parts of the picture's sides (0 to 1); these are not boxes as YOLO writes them",
        table.source,
        table.where,
    )


def _are_sizes(boxes: np.ndarray, image_ids: np.ndarray, pictures: Pictures) -> bool:
    """Tell whether boxes (N, 4) are x, y, width, height for certain: as corners many are upside down, thus all fit."""
    swapped = (boxes[:, 2:] < boxes[:, :2]).any(axis=1)
    if len(boxes) < FEWEST_SIZES or np.count_nonzero(swapped) < SIZES_SWAPPED * len(boxes):
        return False
    limits = picture_sizes(image_ids, pictures)[:, ::-1] + EDGE_TOLERANCE
    return bool((boxes >= -EDGE_TOLERANCE).all() and (boxes[:, :2] + boxes[:, 2:] <= limits).all())


def _order_corners(boxes_xyxy: np.ndarray, table: DetectionTable) -> np.ndarray:
    swapped = (boxes_xyxy[:, 2:] < boxes_xyxy[:, :2]).any(axis=1)
    if not swapped.any():
        return boxes_xyxy
    reason = 'have x_max < x_min or y_max < y_min; are they written as x, y, width, height? Corners belong there'
    _refuse_many(
        swapped,
        'have a negative width or height' if table.is_yolo else reason,
        table.source,
        table.where,
    )
    table.repairs.add(kinds.SWAPPED, np.count_nonzero(swapped))
    corners = boxes_xyxy.reshape(-1, 2, 2)
    return np.hstack([corners.min(axis=1), corners.max(axis=1)])


def _refuse_many(wrong: np.ndarray, reason: str, source: str, where: Callable[[int], str]) -> None:
    count = np.count_nonzero(wrong)
    if count > MAX_WRONG * len(wrong):
        raise UserError(
            f'{source}: {count} of {len(wrong)} boxes {reason} (the first: {where(int(np.flatnonzero(wrong)[0]))})'
        )


def picture_sizes(image_ids: np.ndarray, pictures: Pictures) -> np.ndarray:
    """Return (N, 2) float64, height and width of the picture of each row."""
    ids = np.fromiter(pictures.sizes, dtype=np.int64, count=len(pictures.sizes))
    sizes = np.array(list(pictures.sizes.values()), dtype=np.float64).reshape(-1, 2)
    order = np.argsort(ids)
    return sizes[order[np.searchsorted(ids, image_ids, sorter=order)]] if len(image_ids) else np.zeros((0, 2))
