"""Small maps of a mask head into run-length masks of the picture, without a bitmap in between."""

from itertools import pairwise

import numpy as np

from custom_modules.utils.jit import kernel

from .rle import compress_runs


def paste_rle(
    probabilities: np.ndarray, boxes_xyxy: np.ndarray, height: int, width: int, threshold: float = 0.5
) -> list[dict]:
    """Paste each map into its box and encode where it reaches the threshold.

    The same as upstream's ``FCNMaskHead`` on a CPU (bilinear between the centres of a map's cells, zero around it, the
    box's surroundings looked at one pixel wide) but for rounding, and for boxes without an area or with NaN, whose
    masks are empty.

    Args:
        probabilities: (N, h, w) float32, 0 to 1.
        boxes_xyxy: (N, 4) float32, pixels of the picture; may reach beyond it.
        height: Of the picture, in pixels.
        width: Of the picture, in pixels.
        threshold: Least probability of the foreground, 0 to 1.

    Returns:
        N dicts with ``size`` [height, width] and ``counts``, compressed as COCO does, as text.
    """
    maps = np.ascontiguousarray(probabilities, np.float32)
    boxes = np.ascontiguousarray(boxes_xyxy, np.float32)
    text, ends = _paste_all(maps, boxes, height, width, np.float32(threshold))
    text = text.tobytes().decode('ascii')
    edges = [0, *ends.tolist()]
    return [{'size': [int(height), int(width)], 'counts': text[start:end]} for start, end in pairwise(edges)]


@kernel
def _paste_all(maps, boxes, height, width, threshold):
    """Encode all maps; gives the texts one after the other, (m,) uint8, and where each ends, (N,) int64."""
    ends = np.zeros(len(maps), np.int64)
    text = np.empty(1024, np.uint8)
    length = 0
    for n in range(len(maps)):
        part = compress_runs(_paste(maps[n], boxes[n], height, width, threshold))
        if length + len(part) > len(text):
            longer = np.empty(2 * (length + len(part)), np.uint8)
            longer[:length] = text[:length]
            text = longer
        text[length : length + len(part)] = part
        length += len(part)
        ends[n] = length
    return text[:length], ends


@kernel
def _paste(grid, box, height, width, threshold):
    """Give the runs (n,) int64 of a map (h, w) float32 in a box xyxy, down the columns of the picture."""
    left, cells_x, shares_x = _places(box[0], box[2], width, grid.shape[1])
    top, cells_y, shares_y = _places(box[1], box[3], height, grid.shape[0])
    rows, columns = len(cells_y), len(cells_x)
    ends = np.full(rows, rows)  # the row from which on another cell comes before
    for row in range(rows - 2, -1, -1):
        ends[row] = ends[row + 1] if cells_y[row] == cells_y[row + 1] else row + 1
    runs = np.empty(columns * (2 * min(rows, grid.shape[0] + 2) + 2) + 2, np.int64)
    profile = np.zeros(grid.shape[0] + 2, np.float32)
    count, begin, value = 0, np.int64(0), False
    for column in range(columns):
        _interpolate(grid, cells_x[column], shares_x[column], profile)
        place = np.int64(left + column) * height + top
        row = 0
        while row < rows:
            end, upper, lower = ends[row], profile[cells_y[row]], profile[cells_y[row] + 1]
            # Between two cells values rise or fall: they come to the side of the lower one and stay there.
            target, change = lower >= threshold, row
            if (upper >= threshold) != target:
                while change < end and (_between(upper, lower, shares_y[change]) >= threshold) != target:
                    change += 1
            if change > row and value == target:
                runs[count] = place + row - begin
                count, begin, value = count + 1, place + row, not target
            if change < end and value != target:
                runs[count] = place + change - begin
                count, begin, value = count + 1, place + change, target
            row = end
        # A full column's foreground may go on in the next one.
        if value and (rows < height or column == columns - 1):
            runs[count] = place + rows - begin
            count, begin, value = count + 1, place + rows, False
    runs[count] = np.int64(height) * width - begin
    return runs[: count + 1] if runs[count] or not count else runs[:count]


@kernel
def _places(low, high, size, cells):
    """Say where the pixels of one side of a box lie between the centres of a map's cells.

    Args:
        low: Where the box begins, float32.
        high: Where it ends, float32.
        size: Of the picture, in pixels.
        cells: Of the map.

    Returns:
        The first pixel; for it and each that follows the cell before its centre (n,) int64, counted from 1 with an
        empty one around the map, and how far it is on the way to the next one, (n,) float32, 0 to 1.
    """
    if not (high > low and high - low < np.float32(1e30)):  # no area, or not finite
        return np.int64(0), np.zeros(0, np.int64), np.zeros(0, np.float32)
    first = np.int64(min(max(np.floor(low) - 1, 0), size))
    last = np.int64(max(min(np.ceil(high) + 1, size), first))
    before, shares = np.zeros(last - first, np.int64), np.zeros(last - first, np.float32)
    for pixel in range(first, last):
        # Step by step in float32 as upstream does, so that rounding is the same.
        center = (np.float32(pixel) + np.float32(0.5) - low) / (high - low) * np.float32(2) - np.float32(1)
        place = ((center + np.float32(1)) * np.float32(cells) - np.float32(1)) / np.float32(2)
        if place >= cells:
            before[pixel - first], shares[pixel - first] = cells, 1
        elif place > -1:
            cell = np.floor(place)
            before[pixel - first], shares[pixel - first] = np.int64(cell) + 1, place - cell
    return first, before, shares


@kernel
def _interpolate(grid, cell, share, profile):
    """Fill ``profile`` (h + 2,) with a column of the map between two cells; the ends, around the map, stay 0."""
    for row in range(grid.shape[0]):
        before = grid[row, cell - 1] if cell > 0 else np.float32(0)
        after = grid[row, cell] if cell < grid.shape[1] else np.float32(0)
        profile[row + 1] = _between(before, after, share)


@kernel
def _between(first, second, share):
    """Interpolate, in float32."""
    return first * (np.float32(1) - share) + second * share
