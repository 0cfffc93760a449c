"""Label maps over photographs."""

from collections.abc import Sequence

import cv2
import numpy as np

from custom_modules.datasets.label_maps import IGNORED
from custom_modules.datasets.palette import segmentation_palette

from .colors import Color
from .ignore_regions import hatch
from .sheets import class_legend, contact_sheet, enlarge, fit_picture

_STRENGTH = 0.6  # of a class's colour over the photograph
_EDGE = 0.45  # what is left of a pixel's brightness where classes meet


def draw_labels(image_bgr: np.ndarray, labels: np.ndarray, palette: Sequence[Color]) -> np.ndarray:
    """Lay the colours of classes over a picture, darker where they meet; pixels of 255 are hatched.

    What is black in the palette, the Background, leaves the photograph as it is.

    Args:
        image_bgr: (H, W, 3) uint8.
        labels: (h, w) uint8; of another size, it is brought to the picture's.
        palette: RGB colour per class.

    Returns:
        A new picture of the same size.
    """
    height, width = image_bgr.shape[:2]
    if labels.shape != (height, width):
        labels = cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST)
    table = np.zeros((256, 1, 3), dtype=np.uint8)
    table[: len(palette), 0] = np.array(palette)[:, ::-1]
    colors = table[labels, 0]
    painted = colors.any(axis=2)
    drawn = np.ascontiguousarray(image_bgr).copy()
    drawn[painted] = cv2.addWeighted(drawn, 1 - _STRENGTH, colors, _STRENGTH, 0)[painted]
    hatched = drawn.copy()
    hatch(hatched)
    drawn[labels == IGNORED] = hatched[labels == IGNORED]
    edges = cv2.morphologyEx(labels, cv2.MORPH_GRADIENT, np.ones((2, 2), dtype=np.uint8)) > 0
    drawn[edges] = (drawn[edges] * _EDGE).astype(np.uint8)
    return drawn


def draw_labels_enlarged(
    image_bgr: np.ndarray, labels: np.ndarray, classes: Sequence[str], palette: Sequence[Color]
) -> np.ndarray:
    """Show a single picture with its label map over it, a small one enlarged, above a legend of the classes on it.

    Args:
        image_bgr: (H, W, 3) uint8.
        labels: (h, w) uint8; of another size, it is brought to the picture's.
        classes: Names in label order, Background first.
        palette: RGB colour per class.

    Returns:
        A new picture, the legend below it.
    """
    drawn = draw_labels(enlarge(image_bgr), labels, palette)
    return np.vstack([drawn, _legend([labels], classes, palette, drawn.shape[1])])


def draw_truth_and_labels(
    images: Sequence[np.ndarray],
    truths: Sequence[np.ndarray],
    predictions: Sequence[np.ndarray],
    classes: Sequence[str],
    palette: Sequence[Color] | None = None,
    *,
    titles: Sequence[str] | None = None,
    pairs_per_row: int = 1,
    cell_width: int = 440,
) -> np.ndarray:
    """Show pictures twice, with their true label map on the left and the predicted one on the right.

    Args:
        images: (H, W, 3) uint8 BGR, at least one.
        truths: (H, W) uint8 label map of each, 255 where nothing counts.
        predictions: (H, W) uint8 label map of each.
        classes: Names in label order, Background first.
        palette: RGB colour per class; the data sets' by default.
        titles: Name of each picture, for example its file name.
        pairs_per_row: Pairs side by side.
        cell_width: Width of each picture, pixels.

    Returns:
        The sheet, BGR, with a legend of the classes that occur at its foot.
    """
    palette = segmentation_palette(classes) if palette is None else palette
    cells, captions = [], []
    for index, (image, truth, prediction) in enumerate(zip(images, truths, predictions, strict=True)):
        name = f'{titles[index]}: ' if titles is not None else ''
        fitted = fit_picture(image, cell_width, cell_width * 4 // 3)
        cells += [draw_labels(fitted, labels, palette) for labels in (truth, prediction)]
        captions += [f'{name}truth', f'{name}prediction']
    sheet = contact_sheet(cells, 2 * pairs_per_row, captions, cell_width)
    return np.vstack([sheet, _legend([*truths, *predictions], classes, palette, sheet.shape[1])])


def _legend(maps: Sequence[np.ndarray], classes: Sequence[str], palette: Sequence[Color], width: int) -> np.ndarray:
    used = np.unique(np.concatenate([np.unique(labels) for labels in maps]))
    shown = [int(label) for label in used if label < len(classes) and any(palette[label])]
    return class_legend(classes, palette, width, shown)
