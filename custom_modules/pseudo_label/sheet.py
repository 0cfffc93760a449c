"""Pseudo labels to look at."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from custom_modules.datasets.coco_data import CocoData
from custom_modules.datasets.label_pictures import IGNORED

from .selection import PseudoLabels

_CELL_WIDTH = 400
_INK, _GAP, _TEXT_HEIGHT = (40, 40, 40), 12, 15
_REGIONS = 'ignore region: neither an object nor background, the detector learns nothing there'
_PIXELS = 'unsure: of no class, the segmenter learns nothing there'


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
    ids = labels.sure.image_ids if len(labels.sure) else labels.predictions.image_ids

    def draw(image: dict, picture: np.ndarray) -> tuple[np.ndarray, set[int], str]:
        rows = labels.predictions.image_ids == image['id']
        return *_draw(picture, labels, rows, unlabelled), _amounts(labels, rows)

    cells, titles, used = drawn_pictures(unlabelled, set(ids.tolist()), draw, count)
    return lay_out(cells, titles, unlabelled.classes, None, used, _REGIONS, columns)


def pixel_sheet(
    unlabelled: CocoData,
    label_map: Callable[[int], np.ndarray],
    records: Mapping[int, Sequence[dict]],
    *,
    count: int = 12,
    columns: int = 4,
) -> np.ndarray | None:
    """Lay out pictures with their label maps in the colours of the classes, unsure pixels hatched.

    Args:
        unlabelled: The pictures that were labelled.
        label_map: Gives the label map of a picture by its id, (H, W) uint8, 255 where it is unsure.
        records: Annotations of each by image id.
        count: Pictures at most, taken evenly from all with labels.
        columns: Pictures in a row.

    Returns:
        The sheet, BGR; None when there is nothing to show.
    """
    from custom_modules.datasets.label_maps import coco_classes, coco_palette
    from custom_modules.visualization import draw_labels, fit_picture

    classes, palette = coco_classes(unlabelled), coco_palette(unlabelled)

    def draw(image: dict, picture: np.ndarray) -> tuple[np.ndarray, set[int], str]:
        labels = label_map(image['id'])
        drawn = draw_labels(fit_picture(picture, _CELL_WIDTH, _CELL_WIDTH * 4 // 3), labels, palette)
        regions, unsure = sum(not one['iscrowd'] for one in records[image['id']]), (labels == IGNORED).mean()
        title = f'{regions} region{"" if regions == 1 else "s"}, {unsure:.0%} unsure'
        return drawn, {label for label in np.unique(labels).tolist() if 0 < label < len(classes)}, title

    wanted = {image_id for image_id, found in records.items() if any(not one['iscrowd'] for one in found)}
    cells, titles, used = drawn_pictures(unlabelled, wanted, draw, count)
    return lay_out(cells, titles, classes, palette, used, _PIXELS, columns)


def drawn_pictures(
    data: CocoData, wanted: set[int], draw: Callable[[dict, np.ndarray], tuple[np.ndarray, set[int], str]], count: int
) -> tuple[list[np.ndarray], list[str], set[int]]:
    """Draw some of the pictures that are wanted, taken evenly in file order.

    Args:
        data: The pictures.
        wanted: Ids of those to choose from.
        draw: Gives the drawing, the labels that occur and the title of an image record and its picture.
        count: Pictures at most.

    Returns:
        The drawings, their titles with the names, and all labels that occur.
    """
    import cv2

    images = [image for image in data.images if image['id'] in wanted]
    places = np.unique(np.linspace(0, len(images) - 1, min(count, len(images))).astype(int)) if images else []
    cells, titles, used = [], [], set()
    for image in [images[place] for place in places]:
        picture = cv2.imread(str(data.image_root / image['file_name']))
        if picture is None:
            continue
        cell, shown, title = draw(image, picture)
        cells.append(cell)
        titles.append(f'{title}: {Path(image["file_name"]).name}')
        used |= shown
    return cells, titles, used


def lay_out(
    cells: Sequence[np.ndarray],
    titles: Sequence[str],
    classes: Sequence[str],
    palette: Sequence[tuple[int, int, int]] | None,
    used: set[int],
    hatched: str,
    columns: int,
) -> np.ndarray | None:
    """Put drawings on a sheet above legends of the classes that are used and of the hatching; None without any."""
    from custom_modules.visualization import class_legend, contact_sheet

    if not cells:
        return None
    sheet = contact_sheet(cells, columns, titles, _CELL_WIDTH)
    width = sheet.shape[1]
    return np.vstack([sheet, class_legend(classes, palette, width, sorted(used)), _hatching_legend(width, hatched)])


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


def _hatching_legend(width: int, text: str) -> np.ndarray:
    """Draw a strip that explains the hatching."""
    from custom_modules.visualization import hatch
    from custom_modules.visualization.text import draw_text

    strip = np.full((_TEXT_HEIGHT + _GAP, width, 3), 255, dtype=np.uint8)
    patch = strip[2 : 2 + _TEXT_HEIGHT, _GAP : _GAP + 2 * _TEXT_HEIGHT]
    patch[:] = 150
    hatch(patch, 6)
    draw_text(strip, text, _GAP + 2 * _TEXT_HEIGHT + 6, 0, _TEXT_HEIGHT, _INK)
    return strip
