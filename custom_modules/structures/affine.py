"""The 2 x 3 matrices of what augmentations do to a picture, in coordinates where pixel 0 covers [0, 1)."""

from collections.abc import Sequence

import cv2
import numpy as np


def scaling(x: float, y: float) -> np.ndarray:
    """Stretch by x and y."""
    return np.array([[x, 0, 0], [0, y, 0]], np.float64)


def shift(x: float, y: float) -> np.ndarray:
    """Move by x and y pixels."""
    return np.array([[1, 0, x], [0, 1, y]], np.float64)


def mirroring(direction: str, height: int, width: int) -> np.ndarray:
    """Flip a picture of the given size: 'horizontal', 'vertical' or 'diagonal' (both).

    Raises:
        ValueError: Another direction.
    """
    if direction not in ('horizontal', 'vertical', 'diagonal'):
        raise ValueError(f"flip direction {direction!r} is none of 'horizontal', 'vertical', 'diagonal'")
    matrix = scaling(1, 1)
    if direction != 'vertical':
        matrix[0] = -1, 0, width
    if direction != 'horizontal':
        matrix[1] = 0, -1, height
    return matrix


def quarter_turns(quarters: int, height: int, width: int) -> np.ndarray:
    """Turn a picture of the given size counter-clockwise by so many quarters, onto a canvas that fits it."""
    matrix = scaling(1, 1)
    for _ in range(quarters % 4):
        matrix = compose(np.array([[0, 1, 0], [-1, 0, width]], np.float64), matrix)
        height, width = width, height
    return matrix


def shearing(magnitude: float, direction: str) -> np.ndarray:
    """Shear along 'horizontal' or 'vertical' the way ``mmcv.imshear`` moves the pixels.

    Raises:
        ValueError: Another direction.
    """
    if direction not in ('horizontal', 'vertical'):
        raise ValueError(f"shear direction {direction!r} is neither 'horizontal' nor 'vertical'")
    matrix = scaling(1, 1)
    matrix[(0, 1) if direction == 'horizontal' else (1, 0)] = magnitude
    return from_pixel_centres(matrix)


def rotation(angle: float, center: tuple[float, float], scale: float) -> np.ndarray:
    """Turn by degrees around a pixel (x, y) the way ``mmcv.imrotate`` moves the pixels."""
    return from_pixel_centres(cv2.getRotationMatrix2D(center, -angle, scale))


def from_pixel_centres(matrix: np.ndarray) -> np.ndarray:
    """Convert a matrix for OpenCV, where pixel 0 is at 0, to one where its centre is at one half."""
    return compose(shift(0.5, 0.5), compose(matrix, shift(-0.5, -0.5)))


def compose(second: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Do ``first``, then ``second``; either may be a stack (..., 2, 3)."""
    product = second[..., :2] @ first
    product[..., 2] += second[..., 2]
    return product


def apply(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Map points (n, 2), x and y, by a matrix (2, 3)."""
    return points @ matrix[:, :2].T + matrix[:, 2]


def onto_grids(boxes_xyxy: np.ndarray, out_shape: Sequence[int]) -> np.ndarray:
    """Map boxes to grids, box edges to grid edges; boxes below one pixel count as one pixel, as upstream.

    Args:
        boxes_xyxy: (n, 4), pixels; one that is infinite is mapped to NaN.
        out_shape: Height and width of the grids.

    Returns:
        (n, 2, 3) float64.
    """
    boxes = np.asarray(boxes_xyxy, np.float64).reshape(-1, 4)
    boxes = np.where(np.isfinite(boxes), boxes, np.nan)  # of a diverged training; infinity minus itself would warn
    matrices = np.zeros((len(boxes), 2, 3))
    for axis in (0, 1):
        factor = out_shape[1 - axis] / np.maximum(boxes[:, axis + 2] - boxes[:, axis], 1)
        matrices[:, axis, axis] = factor
        matrices[:, axis, 2] = -boxes[:, axis] * factor
    return matrices
