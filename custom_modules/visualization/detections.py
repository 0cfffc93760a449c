"""Drawing detections on a picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

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

    def overlap(self, other: '_Plate') -> int:
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(width, 0) * max(height, 0)


def draw_detections(
    image_bgr: np.ndarray,
    boxes_xyxy: np.ndarray,
    labels: np.ndarray,
    scores: np.ndarray | None,
    classes: Sequence[str],
    palette: Sequence[Color] | None = None,
    masks: Sequence[np.ndarray | None] | None = None,
) -> np.ndarray:
    """Draw boxes, name plates and masks.

    Line width and text grow with the picture.  Higher scores are drawn over lower ones; name plates stay inside the
    picture and keep out of each other's way where there is room.

    Args:
        image_bgr: (H, W, 3) uint8.
        boxes_xyxy: (N, 4), pixels.
        labels: (N,) ints, positions in ``classes``.
        scores: (N,), or None (ground truth): then the plates show the name only.
        classes: Names in label order; one the font cannot show becomes ``#label``.
        palette: RGB colour per class; the data sets' palette by default.
        masks: N bitmaps (H, W), None entries allowed.

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
            _draw_mask(image, np.asarray(masks[index], dtype=bool), to_bgr(colors[labels[index]]))
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
    return max(1, round((image.shape[0] * image.shape[1]) ** 0.5 / 280))


def _text_height(image: np.ndarray) -> int:
    return int(np.clip((image.shape[0] * image.shape[1]) ** 0.5 / 34, 9, 30))


def _plate_text(classes: Sequence[str], label: int, score: float | None) -> str:
    name = printable_name(classes[label], int(label))
    return name if score is None else f'{name} {score:.2f}'


def _draw_mask(image: np.ndarray, mask: np.ndarray, color: Color) -> None:
    image[mask] = np.rint(image[mask] * (1 - _MASK_OPACITY) + np.array(color) * _MASK_OPACITY).astype(np.uint8)
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(image, contours, -1, color, max(1, _line_width(image) - 1), cv2.LINE_AA)


def _draw_plates(image: np.ndarray, boxes: np.ndarray, texts: list[str], colors: list[Color]) -> None:
    """Place the plates, the most certain object's first, and draw them, its own last."""
    height, pad = _text_height(image), max(1, _line_width(image))
    texts = [shorten(text, height, image.shape[1] - 2 * pad) for text in texts]
    plates: list[_Plate] = []
    for box, text in zip(boxes[::-1], texts[::-1], strict=True):
        plates.append(_place(box, text_size(text, height), pad, image, plates))
    for plate, text, color in zip(plates[::-1], texts, colors, strict=True):
        cv2.rectangle(image, (plate.left, plate.top), (plate.right - 1, plate.bottom - 1), to_bgr(color), cv2.FILLED)
        draw_text(image, text, plate.left + pad, plate.top, height, text_color_on(color))


def _place(box: np.ndarray, size: tuple[int, int], pad: int, image: np.ndarray, placed: list[_Plate]) -> _Plate:
    """Choose the first free one of six places around a box, else the one that covers least of other plates."""
    left, top, right, bottom = box.tolist()
    width, height = size[0] + 2 * pad, size[1]
    above, below, inside = top - height, bottom + 1, top
    corners = [(left, above), (left, inside), (left, below), (right - width + 1, above), (right - width + 1, below)]
    candidates = [_inside(x, y, width, height, image) for x, y in [*corners, (left, bottom - height + 1)]]
    if above < 0:  # clamping would push it over the box's edge: inside is the tidier place
        candidates = [*candidates[1:], candidates[0]]
    return min(candidates, key=lambda plate: sum(plate.overlap(other) for other in placed))


def _inside(left: int, top: int, width: int, height: int, image: np.ndarray) -> _Plate:
    left = max(0, min(left, image.shape[1] - width))
    top = max(0, min(top, image.shape[0] - height))
    return _Plate(left, top, left + width, top + height)
