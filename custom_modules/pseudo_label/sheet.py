"""Pseudo labels to look at."""

from pathlib import Path

import numpy as np

from custom_modules.datasets.coco_data import CocoData

from .selection import PseudoLabels

_CELL_WIDTH = 400
_INK, _GAP, _TEXT_HEIGHT = (40, 40, 40), 12, 15


def label_sheet(unlabelled: CocoData, labels: PseudoLabels, *, count: int = 12, columns: int = 4) -> np.ndarray | None:
    """Lay out pictures with their labels in the colours of the classes and hatched ignore regions.

    Pictures are taken evenly from all that got labels, in file order; from those with ignore regions only where none
    did.

    Args:
        unlabelled: The pictures that were labelled.
        labels: Labels and ignore regions for them.
        count: Pictures at most.
        columns: Pictures in a row.

    Returns:
        The sheet, BGR; None when there is nothing to show.
    """
    import cv2

    from custom_modules.visualization import class_legend, contact_sheet

    cells, titles, used = [], [], set()
    for image in _choose(unlabelled, labels, count):
        picture = cv2.imread(str(unlabelled.image_root / image['file_name']))
        if picture is None:
            continue
        rows = labels.predictions.image_ids == image['id']
        cell, shown = _draw(picture, labels, rows, unlabelled)
        cells.append(cell)
        used |= shown
        titles.append(f'{_amounts(labels, rows)}: {Path(image["file_name"]).name}')
    if not cells:
        return None
    sheet = contact_sheet(cells, columns, titles, _CELL_WIDTH)
    width = sheet.shape[1]
    return np.vstack([sheet, class_legend(unlabelled.classes, None, width, sorted(used)), _region_legend(width)])


def _choose(unlabelled: CocoData, labels: PseudoLabels, count: int) -> list[dict]:
    ids = labels.sure.image_ids if len(labels.sure) else labels.predictions.image_ids
    wanted = set(ids.tolist())
    images = [image for image in unlabelled.images if image['id'] in wanted]
    places = np.unique(np.linspace(0, len(images) - 1, min(count, len(images))).astype(int)) if images else []
    return [images[place] for place in places]


def _draw(picture: np.ndarray, labels: PseudoLabels, rows: np.ndarray, data: CocoData) -> tuple[np.ndarray, set[int]]:
    """Draw one picture at the size of a cell; return it and the labels that occur."""
    from custom_modules.visualization import (
        draw_detections,
        draw_ignore_regions,
        fit_picture,
        objects_from_predictions,
    )

    fitted = fit_picture(picture, _CELL_WIDTH, _CELL_WIDTH * 4 // 3)
    sizes = (picture.shape[1], picture.shape[0]), (fitted.shape[1], fitted.shape[0])
    image_id = int(labels.predictions.image_ids[rows][0])
    sure, regions = (
        objects_from_predictions(labels.predictions.select(rows & chosen), image_id, data.label_of).resized(*sizes)
        for chosen in (~labels.is_region, labels.is_region)
    )
    fitted = draw_ignore_regions(fitted, regions.boxes_xyxy)
    drawn = draw_detections(fitted, sure.boxes_xyxy, sure.labels, sure.scores, data.classes, None, sure.masks)
    return drawn, set(sure.labels.tolist())


def _amounts(labels: PseudoLabels, rows: np.ndarray) -> str:
    regions = int((rows & labels.is_region).sum())
    sure = int(rows.sum()) - regions
    return f'{sure} label{"" if sure == 1 else "s"}' + (f', {regions} ignored' if regions else '')


def _region_legend(width: int) -> np.ndarray:
    """Draw a strip that explains the hatching."""
    from custom_modules.visualization import hatch
    from custom_modules.visualization.text import draw_text

    strip = np.full((_TEXT_HEIGHT + _GAP, width, 3), 255, dtype=np.uint8)
    patch = strip[2 : 2 + _TEXT_HEIGHT, _GAP : _GAP + 2 * _TEXT_HEIGHT]
    patch[:] = 150
    hatch(patch, 6)
    text = 'ignore region: neither an object nor background, the detector learns nothing there'
    draw_text(strip, text, _GAP + 2 * _TEXT_HEIGHT + 6, 0, _TEXT_HEIGHT, _INK)
    return strip
