"""Pictures at a size to look at: alone, on contact sheets, ground truth beside predictions, class legends."""

from collections.abc import Sequence

import cv2
import numpy as np

from .colors import Color, class_colors
from .detections import draw_detections
from .objects import Objects
from .text import draw_text, printable_name, shorten, text_size

_GAP = 12
_TITLE_HEIGHT = 15
_MIN_SIDE, _MAX_SIDE = 480, 2000
_INK = (40, 40, 40)


def contact_sheet(
    images: Sequence[np.ndarray], columns: int, titles: Sequence[str] | None = None, cell_width: int = 440
) -> np.ndarray:
    """Lay pictures out in rows on white, each with its title above.

    Args:
        images: (H, W, 3) uint8 BGR, any sizes, at least one.
        columns: Pictures in a row.
        titles: One per picture; cut off where too long.
        cell_width: Width each picture is fitted to, pixels; tall ones are limited to 4/3 of it.

    Returns:
        The sheet, BGR.
    """
    cells = [fit_picture(image, cell_width, cell_width * 4 // 3) for image in images]
    titles = list(titles) if titles is not None else [''] * len(cells)
    columns = min(columns, len(cells))
    rows = [
        _row(cells[start : start + columns], titles[start : start + columns], cell_width, columns)
        for start in range(0, len(cells), columns)
    ]
    return cv2.copyMakeBorder(np.vstack(rows), 0, _GAP, 0, _GAP, cv2.BORDER_CONSTANT, value=(255, 255, 255))


def draw_ground_truth_and_predictions(
    images: Sequence[np.ndarray],
    truths: Sequence[Objects],
    predictions: Sequence[Objects],
    classes: Sequence[str],
    palette: Sequence[Color] | None = None,
    *,
    titles: Sequence[str] | None = None,
    score_thr: float = 0.3,
    pairs_per_row: int = 1,
    cell_width: int = 440,
) -> np.ndarray:
    """Show pictures twice, with their ground truth on the left and what was predicted on the right.

    Pictures are resized before they are drawn on, so that plates are readable on small ones.

    Args:
        images: (H, W, 3) uint8 BGR, at least one.
        truths: Ground truth of each.
        predictions: Predictions for each.
        classes: Names in label order.
        palette: RGB colour per class; the data sets' palette by default.
        titles: Name of each picture, for example its file name.
        score_thr: Predictions below are not drawn.
        pairs_per_row: Pairs side by side.
        cell_width: Width of each picture, pixels.

    Returns:
        The sheet, BGR, with a legend of the classes that occur at its foot.
    """
    cells, captions = [], []
    for index, (image, truth, prediction) in enumerate(zip(images, truths, predictions, strict=True)):
        name = f'{titles[index]}: ' if titles is not None else ''
        for kind, objects in (('ground truth', truth), ('prediction', prediction.above(score_thr))):
            cells.append(_draw_fitted(image, objects, classes, palette, cell_width))
            captions.append(name + kind)
    sheet = contact_sheet(cells, 2 * pairs_per_row, captions, cell_width)
    used = {int(label) for objects in (*truths, *(p.above(score_thr) for p in predictions)) for label in objects.labels}
    return np.vstack([sheet, class_legend(classes, palette, sheet.shape[1], sorted(used))])


def class_legend(
    classes: Sequence[str],
    palette: Sequence[Color] | None = None,
    width: int = 900,
    labels: Sequence[int] | None = None,
) -> np.ndarray:
    """Draw a strip with colour patches and class names, in as many lines as needed.

    Args:
        classes: Names in label order.
        palette: RGB colour per class; the data sets' palette by default.
        width: Of the strip, pixels.
        labels: Classes to show; all by default.

    Returns:
        The strip, BGR; of height 0 when there is no class to show.
    """
    colors = class_colors(classes, palette)
    strip = np.full((0, width, 3), 255, dtype=np.uint8)
    left = width
    for label in range(len(classes)) if labels is None else labels:
        name = shorten(printable_name(classes[label], label), _TITLE_HEIGHT, width - 3 * _GAP - _TITLE_HEIGHT)
        needed = _TITLE_HEIGHT + 6 + text_size(name, _TITLE_HEIGHT)[0] + 2 * _GAP
        if left + needed > width:
            strip = np.vstack([strip, np.full((_TITLE_HEIGHT + _GAP, width, 3), 255, dtype=np.uint8)])
            left = _GAP
        top = len(strip) - _TITLE_HEIGHT - _GAP
        strip[top + 2 : top + 2 + _TITLE_HEIGHT, left : left + _TITLE_HEIGHT] = colors[label][::-1]
        draw_text(strip, name, left + _TITLE_HEIGHT + 6, top, _TITLE_HEIGHT, _INK)
        left += needed
    return strip


def draw_enlarged(
    image_bgr: np.ndarray, objects: Objects, classes: Sequence[str], palette: Sequence[Color] | None = None
) -> np.ndarray:
    """Draw objects on a single picture, a small one enlarged first so that name plates do not cover it.

    Args:
        image_bgr: (H, W, 3) uint8.
        objects: In pixels of the picture.
        classes: Names in label order.
        palette: RGB colour per class; the data sets' palette by default.

    Returns:
        A new picture, as large as :func:`enlarge` makes it.
    """
    return _draw_resized(enlarge(image_bgr), image_bgr, objects, classes, palette)


def enlarge(image_bgr: np.ndarray) -> np.ndarray:
    """Make a small picture large enough to look at.

    Args:
        image_bgr: (H, W, 3) uint8.

    Returns:
        The picture, by a whole number larger: by the smallest that brings its shorter side to 480 pixels, less where
        its longer side would pass 2000.
    """
    height, width = image_bgr.shape[:2]
    factor = max(1, min(-(-_MIN_SIDE // min(height, width)), _MAX_SIDE // max(height, width)))
    return fit_picture(image_bgr, width * factor, height * factor)


def fit_picture(image_bgr: np.ndarray, max_width: int, max_height: int) -> np.ndarray:
    """Resize a picture, up or down, to fit into a cell, keeping its shape.

    Args:
        image_bgr: (H, W, 3) uint8.
        max_width: Pixels.
        max_height: Pixels.

    Returns:
        The resized picture.
    """
    height, width = image_bgr.shape[:2]
    factor = min(max_width / width, max_height / height)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return cv2.resize(image_bgr, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)


def _draw_fitted(
    image: np.ndarray, objects: Objects, classes: Sequence[str], palette: Sequence[Color] | None, cell_width: int
) -> np.ndarray:
    fitted = fit_picture(image, cell_width, cell_width * 4 // 3)
    return _draw_resized(fitted, image, objects, classes, palette)


def _draw_resized(
    fitted: np.ndarray,
    image: np.ndarray,
    objects: Objects,
    classes: Sequence[str],
    palette: Sequence[Color] | None,
) -> np.ndarray:
    shown = objects.resized((image.shape[1], image.shape[0]), (fitted.shape[1], fitted.shape[0]))
    return draw_detections(fitted, shown.boxes_xyxy, shown.labels, shown.scores, classes, palette, shown.masks)


def _row(cells: list[np.ndarray], titles: list[str], cell_width: int, columns: int) -> np.ndarray:
    """Place cells side by side, centred in columns of one width, titles above them."""
    title_space = text_size('Ag', _TITLE_HEIGHT)[1] + 4 if any(titles) else 0
    height = _GAP + title_space + max(len(cell) for cell in cells)
    row = np.full((height, columns * (cell_width + _GAP), 3), 255, dtype=np.uint8)
    for column, (cell, title) in enumerate(zip(cells, titles, strict=True)):
        left = _GAP + column * (cell_width + _GAP) + (cell_width - cell.shape[1]) // 2
        top = _GAP + title_space
        row[top : top + cell.shape[0], left : left + cell.shape[1]] = cell
        if title:
            draw_text(row, shorten(title, _TITLE_HEIGHT, cell_width), left, _GAP, _TITLE_HEIGHT, _INK)
    return row
