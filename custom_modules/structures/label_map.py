"""Paint the instances of a picture into one map of labels, the larger ones first."""

from typing import Literal

import numpy as np

from custom_modules.utils.jit import kernel

from .mask_raster import _fill, _mark_edges
from .mask_shapes import MaskShapes

Order = Literal['area', 'id']
ORDERS = ('area', 'id')


def paint_shapes(
    shapes: MaskShapes, values: np.ndarray, height: int, width: int, *, order: Order = 'area', rank: np.ndarray
) -> np.ndarray:
    """Paint instances over each other.

    A pixel belongs to a polygon when its centre does, as for the masks of the detectors; an instance without a mask
    fills its box.

    Args:
        shapes: The masks of N instances, in the coordinates of the picture.
        values: (N,) uint8, what to paint each with.
        height: Of the picture, px.
        width: Of the picture, px.
        order: ``'area'``: larger ones below, measured in pixels of this picture; ``'id'``: lower ranks below.
        rank: (N,) what decides between equal areas, and alone with ``'id'``; higher ones lie on top.

    Returns:
        (height, width) uint8, 0 where no instance is.
    """
    out = np.zeros((height, width), np.uint8)
    if not len(shapes):
        return out
    source = (shapes.points, shapes.part_start, shapes.shape_start, shapes.pixels, shapes.crops, shapes.boxes)
    sequence = np.argsort(rank, kind='stable')
    if order == 'area':
        areas = _paint(source, np.arange(len(shapes)), np.zeros(len(shapes), np.uint8), out)
        sequence = sequence[np.argsort(-areas[sequence], kind='stable')]
    _paint(source, sequence, values.astype(np.uint8), out)
    return out


@kernel
def _paint(source, sequence, values, out):
    """Paint instances in a sequence of positions; gives the pixels of each, (N,) int64."""
    points, part_start, shape_start, pixels, crops, boxes = source
    height, width = out.shape
    flips = np.zeros((height, width + 1), np.uint8)
    drawn = np.zeros((height, width), np.uint8)
    identity = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    areas = np.zeros(len(crops), np.int64)
    corners = np.zeros((4, 2), np.float32)
    for instance in sequence:
        if crops[instance, 3] > 0:
            areas[instance] = _paint_bitmap(pixels, crops[instance], values[instance], out)
            continue
        top, bottom, left, right = height, 0, width, 0
        for part in range(shape_start[instance], shape_start[instance + 1]):
            first, last = part_start[part], part_start[part + 1]
            y0, y1, x0, x1 = _mark_edges(points, first, last, identity, flips)
            _fill(flips, y0, y1, x0, x1, drawn)
            top, bottom, left, right = min(top, y0), max(bottom, y1), min(left, x0), max(right, x1)
        if shape_start[instance] == shape_start[instance + 1]:
            x1, y1, x2, y2 = boxes[instance]
            corners[:, 0], corners[:, 1] = (x1, x2, x2, x1), (y1, y1, y2, y2)
            top, bottom, left, right = _mark_edges(corners, 0, 4, identity, flips)
            _fill(flips, top, bottom, left, right, drawn)
        for row in range(top, bottom):
            for column in range(left, min(right + 1, width)):
                if drawn[row, column]:
                    drawn[row, column] = 0
                    out[row, column] = values[instance]
                    areas[instance] += 1
    return areas


@kernel
def _paint_bitmap(pixels, crop, value, out):
    """Paint the crop of a bitmap where it lies; gives its pixels."""
    start, x, y, width, height = crop[:5]
    count = 0
    for row in range(height):
        for column in range(width):
            if pixels[start + row * width + column]:
                out[y + row, x + column] = value
                count += 1
    return count
