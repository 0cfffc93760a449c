"""Drawing detections on a picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from custom_modules.evaluation.rle import decode_masks

from .colors import Color, class_colors, text_color_on, to_bgr
from .text import draw_text, printable_name, shorten, text_size

_MASK_OPACITY = 0.45


@dataclass(frozen=True)
class _Plate:
    """A name plate: its corners (x1, y1, x2, y2) in whole pixels and its text."""

    left: int
    top: int
    right: int
    bottom: int

    def overlaps(self, other: '_Plate') -> bool:
        apart = self.right <= other.left or other.right <= self.left
        return not (apart or self.bottom <= other.top or other.bottom <= self.top)


def draw_detections(
    image_bgr: np.ndarray,
    boxes_xyxy: np.ndarray,
    labels: np.ndarray,
    scores: np.ndarray | None,
    classes: Sequence[str],
    palette: Sequence[Color] | None = None,
    masks: Sequence[np.ndarray | dict | None] | None = None,
) -> np.ndarray:
    """Draw boxes, name plates and masks.

    Line width and text grow with the picture.  Higher scores are drawn over lower ones.  Name plates stay inside the
    picture; one that finds no free place around its box is left out, so that crowded pictures stay readable (the
    colour still tells the class).

    Args:
        image_bgr: (H, W, 3) uint8.
        boxes_xyxy: (N, 4), pixels.
        labels: (N,) ints, positions in ``classes``.
        scores: (N,), or None (ground truth): then the plates show the name only.
        classes: Names in label order; one the font cannot show becomes ``#label``.
        palette: RGB colour per class; the data sets' palette by default.
        masks: N bitmaps (H, W) or RLE dicts; None entries allowed.

    Returns:
        A new picture of the same size.
    """
    image = np.ascontiguousarray(image_bgr).copy()
    colors = class_colors(classes, palette)
    boxes = _pixel_corners(boxes_xyxy, image.shape)
    labels = np.asarray(labels, dtype=np.int64).reshape(-1)
    order = np.arange(len(boxes)) if scores is None else np.argsort(np.asarray(scores), kind='stable')
    for index in order if masks is not None else ():
        if masks[index] is not None:
            _draw_mask(image, masks[index], to_bgr(colors[labels[index]]))
    for index in order:
        left, top, right, bottom = boxes[index].tolist()
        color = to_bgr(colors[labels[index]])
        cv2.rectangle(image, (left, top), (right, bottom), color, _line_width(image), cv2.LINE_8)
    texts = [_plate_text(classes, label, None if scores is None else scores[row]) for row, label in enumerate(labels)]
    _draw_plates(image, boxes[order], [texts[row] for row in order], [colors[label] for label in labels[order]])
    return image


def _pixel_corners(boxes_xyxy: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    boxes = np.rint(np.asarray(boxes_xyxy, dtype=np.float64).reshape(-1, 4))
    return np.clip(boxes, 0, [shape[1] - 1, shape[0] - 1] * 2).astype(np.int64)


def _line_width(image: np.ndarray) -> int:
    return max(1, round((image.shape[0] * image.shape[1]) ** 0.25 / 10))


def _text_height(image: np.ndarray) -> int:
    return int(np.clip((image.shape[0] * image.shape[1]) ** 0.5 / 38, 9, 26))


def _plate_text(classes: Sequence[str], label: int, score: float | None) -> str:
    name = printable_name(classes[label], int(label))
    return name if score is None else f'{name} {score:.2f}'


def _draw_mask(image: np.ndarray, mask: np.ndarray | dict, color: Color) -> None:
    mask = decode_masks([mask])[0] if isinstance(mask, dict) else np.asarray(mask, dtype=bool)
    image[mask] = np.rint(image[mask] * (1 - _MASK_OPACITY) + np.array(color) * _MASK_OPACITY).astype(np.uint8)
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(image, contours, -1, color, max(1, _line_width(image) - 1), cv2.LINE_AA)


def _draw_plates(image: np.ndarray, boxes: np.ndarray, texts: list[str], colors: list[Color]) -> None:
    """Place the plates, the last object's first, since it is the most certain one, and draw them."""
    height, pad = _text_height(image), max(1, _line_width(image))
    plates: list[_Plate] = []
    for box, text, color in zip(boxes[::-1], texts[::-1], colors[::-1], strict=True):
        text = shorten(text, height, image.shape[1] - 2 * pad)
        plate = _place(box, text_size(text, height), pad, image, plates)
        if plate is not None:
            plates.append(plate)
            corners = (plate.left, plate.top), (plate.right - 1, plate.bottom - 1)
            cv2.rectangle(image, *corners, to_bgr(color), cv2.FILLED)
            draw_text(image, text, plate.left + pad, plate.top, height, text_color_on(color))


def _place(box: np.ndarray, size: tuple[int, int], pad: int, image: np.ndarray, placed: list[_Plate]) -> _Plate | None:
    """Choose the first free one of six places around a box."""
    left, top, right, bottom = box.tolist()
    width, height = size[0] + 2 * pad, size[1]
    above = top - height if top >= height else top  # pushed down from outside it would hide the box's edge
    below, flush_right = bottom + 1, right - width + 1
    corners = [(left, above), (left, top), (left, below), (flush_right, above), (flush_right, below)]
    candidates = [_inside(x, y, width, height, image) for x, y in [*corners, (left, bottom - height + 1)]]
    free = (plate for plate in candidates if not any(plate.overlaps(other) for other in placed))
    return next(free, None)


def _inside(left: int, top: int, width: int, height: int, image: np.ndarray) -> _Plate:
    left = max(0, min(left, image.shape[1] - width))
    top = max(0, min(top, image.shape[0] - height))
    return _Plate(left, top, left + width, top + height)
