"""Bilinear sampling at arbitrary places on the CPU: the core of deformable convolution and attention.

Maps are (B, H, W, C) in memory, so that a sample is a vector operation on four
rows of channels.  Cells off the map count as zero.
"""

import numpy as np
from torch import Tensor

from custom_modules.utils.jit import kernel, split


def sample(cells: Tensor, ys: Tensor, xs: Tensor, scales: Tensor) -> Tensor:
    """Read maps at places that are given per group of channels.

    Args:
        cells: (B, H, W, C).
        ys: (B, P, G, K), row of each place; group g holds the g-th C / G channels.
        xs: (B, P, G, K), column.
        scales: (B, P, G, K), factor of each sample.

    Returns:
        (B, P, K, C) samples.
    """
    columns = cells.new_empty(*ys.shape[:2], ys.size(3), cells.size(3))
    arrays = [x.numpy() for x in (cells, ys, xs, scales, columns)]
    split(lambda begin, end: _sample(*arrays, begin, end), _count(ys), cost=4 * columns.numel())
    return columns


def sample_backward(
    cells: Tensor, ys: Tensor, xs: Tensor, scales: Tensor, grad: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Gradients of `sample`.

    Args:
        cells: As in `sample`, like the next three.
        ys: As in `sample`.
        xs: As in `sample`.
        scales: As in `sample`.
        grad: (B, P, K, C), gradient of the samples.

    Returns:
        Gradients of ``cells``, ``ys``, ``xs`` and ``scales``.
    """
    grads = [cells.new_zeros(x.shape) for x in (cells, ys, xs, scales)]
    source, *places = (x.numpy() for x in (cells, ys, xs, scales, grad))
    to_cells, *to_places = (x.numpy() for x in grads)
    cost = 4 * grad.numel()
    split(lambda begin, end: _places_backward(source, *places, *to_places, begin, end), _count(ys), cost=cost)
    split(lambda begin, end: _cells_backward(*places, to_cells, begin, end), cells.size(3), cost=cost, align=16)
    return tuple(grads)


def _count(ys: Tensor) -> int:
    """Number of places in all maps."""
    return ys.size(0) * ys.size(1)


@kernel
def corner(y, x, height, width):
    """The upper left of the four cells around a place, its distance to it, and whether any of them is on the map."""
    inside = y > -1 and x > -1 and y < height and x < width
    if not inside:
        return 0, 0, y - y, x - x, False
    low_y, low_x = np.floor(y), np.floor(x)
    return int(low_y), int(low_x), y - low_y, x - low_x, True


@kernel(fused=True)
def add_scaled(target, source, weight):
    """Add ``weight * source`` to ``target``."""
    for i in range(len(target)):
        target[i] += weight * source[i]


@kernel(fused=True)
def blend(target, first, second, third, fourth, weight1, weight2, weight3, weight4):
    """Set ``target`` to the weighted sum of four equally long pieces."""
    for i in range(len(target)):
        target[i] = weight1 * first[i] + weight2 * second[i] + weight3 * third[i] + weight4 * fourth[i]


@kernel(summed=True)
def dot(first, second):
    """Inner product, summed in vector lanes."""
    total = first.dtype.type(0)
    for i in range(len(first)):
        total += first[i] * second[i]
    return total


@kernel(fused=True)
def _sample(cells, ys, xs, scales, columns, begin, end):
    """Arguments are those of `sample`, its result, and the range of places."""
    _, height, width, channels = cells.shape
    _, num_places, groups, taps = ys.shape
    one, share = cells.dtype.type(1), channels // groups
    for i in range(begin, end):
        b, p = i // num_places, i % num_places
        for g in range(groups):
            part = slice(g * share, (g + 1) * share)
            for k in range(taps):
                target, scale = columns[b, p, k, part], scales[b, p, g, k]
                y, x, down, across, inside = corner(ys[b, p, g, k], xs[b, p, g, k], height, width)
                if not inside:
                    target[:] = 0
                    continue
                above, below = scale * (one - down), scale * down
                if y >= 0 and x >= 0 and y < height - 1 and x < width - 1:
                    blend(
                        target,
                        cells[b, y, x, part],
                        cells[b, y, x + 1, part],
                        cells[b, y + 1, x, part],
                        cells[b, y + 1, x + 1, part],
                        above * (one - across),
                        above * across,
                        below * (one - across),
                        below * across,
                    )
                    continue
                target[:] = 0
                for row in range(max(y, 0), min(y + 2, height)):
                    for column in range(max(x, 0), min(x + 2, width)):
                        weight = (above if row == y else below) * (one - across if column == x else across)
                        add_scaled(target, cells[b, row, column, part], weight)


@kernel(fused=True)
def _places_backward(cells, ys, xs, scales, grad, grad_ys, grad_xs, grad_scales, begin, end):
    """Gradients of the places ``begin`` to ``end`` and of their factors."""
    _, height, width, channels = cells.shape
    _, num_places, groups, taps = ys.shape
    one, share = cells.dtype.type(1), channels // groups
    for i in range(begin, end):
        b, p = i // num_places, i % num_places
        for g in range(groups):
            part = slice(g * share, (g + 1) * share)
            for k in range(taps):
                y, x, down, across, inside = corner(ys[b, p, g, k], xs[b, p, g, k], height, width)
                if not inside:
                    continue
                for row in range(max(y, 0), min(y + 2, height)):
                    for column in range(max(x, 0), min(x + 2, width)):
                        product = dot(grad[b, p, k, part], cells[b, row, column, part])
                        vertical, slope_y = (one - down, -one) if row == y else (down, one)
                        horizontal, slope_x = (one - across, -one) if column == x else (across, one)
                        grad_ys[b, p, g, k] += scales[b, p, g, k] * slope_y * horizontal * product
                        grad_xs[b, p, g, k] += scales[b, p, g, k] * vertical * slope_x * product
                        grad_scales[b, p, g, k] += vertical * horizontal * product


@kernel(fused=True)
def _cells_backward(ys, xs, scales, grad, grad_cells, begin, end):
    """Gradient of the channels ``begin`` to ``end`` of the maps."""
    _, height, width, channels = grad_cells.shape
    batch, num_places, groups, taps = ys.shape
    one, share = grad.dtype.type(1), channels // groups
    for i in range(batch * num_places):
        b, p = i // num_places, i % num_places
        for g in range(groups):
            part = slice(max(begin, g * share), min(end, (g + 1) * share))
            if part.stop <= part.start:
                continue
            for k in range(taps):
                y, x, down, across, inside = corner(ys[b, p, g, k], xs[b, p, g, k], height, width)
                if not inside:
                    continue
                for row in range(max(y, 0), min(y + 2, height)):
                    for column in range(max(x, 0), min(x + 2, width)):
                        weight = (one - down if row == y else down) * (one - across if column == x else across)
                        weight *= scales[b, p, g, k]
                        add_scaled(grad_cells[b, row, column, part], grad[b, p, k, part], weight)
