"""Draw masks at their final size with numba: any number of instances, each through its own affine map.

A pixel belongs to a polygon when its centre does (even-odd within a part, union of the parts), the rule
pycocotools follows up to its rounding of corners to fifths of a pixel.  A pixel belongs to a bitmap when the
mean of bilinear samples spread over it is at least one half, the rule of ``BitmapMasks.crop_and_resize``.
"""

import math

import numpy as np

from custom_modules.utils.jit import kernel

from .mask_shapes import MaskShapes

MAX_SAMPLES = 3


def rasterize(
    shapes: MaskShapes,
    index: np.ndarray,
    to_grid: np.ndarray,
    windows: list[np.ndarray | None],
    group: np.ndarray,
    window_to_grid: np.ndarray,
    out: np.ndarray,
) -> None:
    """Draw instances, one on each plane of ``out``.

    Args:
        shapes: The source geometry.
        index: (n,) int64, which instance goes on each plane.
        to_grid: (n, 2, 3) float64, maps source coordinates to pixels of the plane.
        windows: Convex polygons (k, 2) outside which nothing is drawn, or None.
        group: (n,) int64, which of the windows applies to each plane.
        window_to_grid: (n, 2, 3) float64, maps the coordinates of the windows to pixels of the plane.
        out: (n, h, w) uint8 zeros, receives 0 and 1.
    """
    corners = [np.zeros((0, 2)) if window is None else window for window in windows]
    starts = np.zeros(len(corners) + 1, np.int64)
    np.cumsum([len(window) for window in corners], out=starts[1:])
    clipped = np.array([window is not None for window in windows], np.bool_)
    _rasterize(
        (shapes.points, shapes.part_start, shapes.shape_start, shapes.pixels, shapes.crops),
        index,
        to_grid,
        (np.concatenate(corners), starts, clipped, group, window_to_grid),
        out,
    )


@kernel
def _rasterize(shapes, index, to_grid, windows, out):
    """Loop over the planes of ``out``; see :func:`rasterize`."""
    points, part_start, shape_start, pixels, crops = shapes
    corners, corner_start, clipped, group, window_to_grid = windows
    height, width = out.shape[1:]
    flips = np.zeros((height, width + 1), np.uint8)
    for plane in range(len(index)):
        if not np.isfinite(to_grid[plane]).all():  # the box of a training run that has diverged
            continue
        instance, window = index[plane], group[plane]
        top, bottom, left, right = height, 0, width, 0
        for part in range(shape_start[instance], shape_start[instance + 1]):
            first, last = part_start[part], part_start[part + 1]
            y0, y1, x0, x1 = _mark_edges(points, first, last, to_grid[plane], flips)
            _fill(flips, y0, y1, x0, x1, out[plane])
            top, bottom, left, right = min(top, y0), max(bottom, y1), min(left, x0), max(right, x1)
        if crops[instance, 3] > 0:
            top, bottom, left, right = _draw_bitmap(pixels, crops[instance], to_grid[plane], out[plane])
        if clipped[window] and top < bottom:
            first, last = corner_start[window], corner_start[window + 1]
            y0, y1, x0, x1 = _mark_edges(corners, first, last, window_to_grid[plane], flips)
            _keep(flips, top, bottom, left, right, out[plane])
            flips[y0:y1, x0 : x1 + 1] = 0


@kernel
def _mark_edges(points, first, last, matrix, flips):
    """Mark where each row of pixel centres crosses the edges of a polygon.

    Returns:
        The rows (from, to) and columns (from, to) that can be inside.
    """
    height, width = flips.shape[0], flips.shape[1] - 1
    top, bottom, left, right = height, 0, width, 0
    if first == last:
        return top, bottom, left, right
    ax, ay = points[last - 1, 0], points[last - 1, 1]
    x0 = matrix[0, 0] * ax + matrix[0, 1] * ay + matrix[0, 2]
    y0 = matrix[1, 0] * ax + matrix[1, 1] * ay + matrix[1, 2]
    for k in range(first, last):
        bx, by = points[k, 0], points[k, 1]
        x1 = matrix[0, 0] * bx + matrix[0, 1] * by + matrix[0, 2]
        y1 = matrix[1, 0] * bx + matrix[1, 1] * by + matrix[1, 2]
        # Rows whose centre lies in [low, high): no row counts a corner twice.  Both directions of an edge give the
        # same columns, so neighbours share no pixel.
        low, high, x_low = (y0, y1, x0) if y0 < y1 else (y1, y0, x1)
        row_from, row_to = _clamped_ceil(low - 0.5, height), _clamped_ceil(high - 0.5, height)
        if row_from < row_to:
            top, bottom = min(top, row_from), max(bottom, row_to)
            slope = (x1 - x0) / (y1 - y0)
            for row in range(row_from, row_to):
                column = _clamped_ceil(x_low + (row + 0.5 - low) * slope - 0.5, width)
                flips[row, column] ^= 1
                left, right = min(left, column), max(right, column)
        x0, y0 = x1, y1
    return top, bottom, left, right


@kernel
def _clamped_ceil(value, limit):
    """Round up into 0 ... limit; NaN gives 0, so that no input can write outside an array."""
    if value >= limit:
        return limit
    return math.ceil(value) if value > 0 else 0


@kernel
def _fill(flips, top, bottom, left, right, plane):
    """Add the area between the marks of each row to ``plane``, and clear the marks."""
    for row in range(top, bottom):
        inside = np.uint8(0)
        for column in range(left, right):
            inside ^= flips[row, column]
            flips[row, column] = 0
            plane[row, column] |= inside
        flips[row, right] = 0


@kernel
def _keep(flips, top, bottom, left, right, plane):
    """Clear ``plane`` outside the area between the marks of each row, within the given rows and columns."""
    for row in range(top, bottom):
        inside = np.uint8(0)
        for column in range(left):
            inside ^= flips[row, column]
        for column in range(left, right):
            inside ^= flips[row, column]
            plane[row, column] &= inside


@kernel
def _draw_bitmap(pixels, crop, matrix, plane):
    """Sample a bitmap at the pixels of ``plane`` it can reach; returns their rows and columns (from, to)."""
    a, b, c, d = matrix[0, 0], matrix[0, 1], matrix[1, 0], matrix[1, 1]
    determinant = a * d - b * c
    if determinant == 0.0:
        return 0, 0, 0, 0
    top, bottom, left, right = _reach(crop, matrix, plane.shape[0], plane.shape[1])
    # the step through the crop for one pixel to the right (u) and one down (v), and where the plane's corner is
    xu, xv, yu, yv = d / determinant, -b / determinant, -c / determinant, a / determinant
    x0 = -xu * matrix[0, 2] - xv * matrix[1, 2] - crop[1]
    y0 = -yu * matrix[0, 2] - yv * matrix[1, 2] - crop[2]
    across, down = _num_samples(math.hypot(xu, yu)), _num_samples(math.hypot(xv, yv))
    first, width, height = crop[0], crop[3], crop[4]
    for row in range(top, bottom):
        for column in range(left, right):
            if across == 1 and down == 1:
                x = x0 + xu * (column + 0.5) + xv * (row + 0.5)
                y = y0 + yu * (column + 0.5) + yv * (row + 0.5)
                plane[row, column] = _bilinear(pixels, crop, x, y) >= 0.5
                continue
            set_samples = 0
            for i in range(down):
                v = row + (i + 0.5) * (1.0 / down)
                for j in range(across):
                    u = column + (j + 0.5) * (1.0 / across)
                    x, y = x0 + xu * u + xv * v, y0 + yu * u + yv * v
                    if x >= 0.0 and y >= 0.0 and x < width and y < height:
                        set_samples += pixels[first + int(y) * width + int(x)]
            plane[row, column] = 2 * set_samples >= across * down
    return top, bottom, left, right


@kernel
def _num_samples(step):
    """Give the number of samples for a step of so many source pixels."""
    return min(max(math.ceil(step - 1e-6), 1), MAX_SAMPLES)


@kernel
def _reach(crop, matrix, height, width):
    """Give the rows and columns (from, to) of the plane which a crop and half a pixel around it map to."""
    low_x, high_x, low_y, high_y = np.inf, -np.inf, np.inf, -np.inf
    for x in (crop[1] - 0.5, crop[1] + crop[3] + 0.5):
        for y in (crop[2] - 0.5, crop[2] + crop[4] + 0.5):
            u = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]
            v = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]
            low_x, high_x, low_y, high_y = min(low_x, u), max(high_x, u), min(low_y, v), max(high_y, v)
    return (
        _clamped_ceil(low_y - 1, height),
        _clamped_ceil(high_y, height),
        _clamped_ceil(low_x - 1, width),
        _clamped_ceil(high_x, width),
    )


@kernel
def _bilinear(pixels, crop, x, y):
    """Read a bitmap at a point of its crop: bilinear, the picture's border repeated, 0 outside the picture."""
    if x < -crop[1] or y < -crop[2] or x > crop[5] - crop[1] or y > crop[6] - crop[2]:
        return 0.0
    x, y = x - 0.5, y - 0.5
    x0, y0 = math.floor(x), math.floor(y)
    fx, fy = x - x0, y - y0
    total = 0.0
    for i in range(2):
        row = min(max(int(y0) + i, -crop[2]), crop[6] - 1 - crop[2])
        if row < 0 or row >= crop[4]:
            continue
        for j in range(2):
            column = min(max(int(x0) + j, -crop[1]), crop[5] - 1 - crop[1])
            if 0 <= column < crop[3] and pixels[crop[0] + row * crop[3] + column]:
                total += (fy if i else 1.0 - fy) * (fx if j else 1.0 - fx)
    return total
