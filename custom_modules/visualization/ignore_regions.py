"""Drawing regions that count neither as objects nor as background."""

import cv2
import numpy as np

_LIGHT, _DARK = (235, 235, 235), (70, 70, 70)


def draw_ignore_regions(image_bgr: np.ndarray, boxes_xyxy: np.ndarray) -> np.ndarray:
    """Draw hatched grey boxes, seen on light and on dark pictures.

    Args:
        image_bgr: (H, W, 3) uint8.
        boxes_xyxy: (N, 4), pixels.

    Returns:
        A new picture of the same size.
    """
    image = np.ascontiguousarray(image_bgr).copy()
    height, width = image.shape[:2]
    boxes = np.rint(np.asarray(boxes_xyxy, dtype=np.float64).reshape(-1, 4))
    for left, top, right, bottom in np.clip(boxes, 0, [width - 1, height - 1] * 2).astype(np.int64).tolist():
        hatch(image[top : bottom + 1, left : right + 1])
        cv2.rectangle(image, (left, top), (right, bottom), _DARK, 1)
        cv2.rectangle(image, (left + 1, top + 1), (right - 1, bottom - 1), _LIGHT, 1)
    return image


def hatch(region_bgr: np.ndarray, spacing: int = 10) -> None:
    """Draw slanting lines over a part of a picture, in place.

    Args:
        region_bgr: (h, w, 3) uint8 view.
        spacing: Pixels from line to line.
    """
    rows, columns = np.indices(region_bgr.shape[:2])
    phase = (rows + columns) % spacing
    for offset, color in ((0, _LIGHT), (1, _LIGHT), (2, _DARK)):
        line = phase == offset
        region_bgr[line] = (0.35 * region_bgr[line] + 0.65 * np.array(color)).astype(np.uint8)
