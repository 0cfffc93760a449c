"""RoIAlign in its maximum mode on the CPU: one pass over the channels per sample."""

from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from custom_modules.utils.jit import kernel, split

if TYPE_CHECKING:
    from ..roi_align import Regions


def maximum(maps: Tensor, regions: 'Regions', output: Tensor, argmax_y: Tensor, argmax_x: Tensor) -> None:
    """Max-pool the samples of each bin.

    Args:
        maps: (B, C, H, W).
        regions: N regions.
        output: (N, C, PH, PW), written; -10000 in a bin without samples.
        argmax_y: Like ``output``, written: row of the largest sample, -1 without samples.
        argmax_x: The same for its column.
    """
    cells = maps.permute(0, 2, 3, 1).contiguous().flatten().numpy()
    arrays = [x.numpy() for x in (*regions, output, argmax_y, argmax_x)]
    split(
        lambda begin, end: _maximum(cells, tuple(maps.shape), *arrays, begin, end),
        len(output),
        cost=64 * output.numel(),
    )


def maximum_backward(grad: Tensor, image: Tensor, argmax_y: Tensor, argmax_x: Tensor, target: Tensor) -> None:
    """Add the gradient of every bin to the four cells around its largest sample.

    Args:
        grad: (N, C, PH, PW).
        image: (N,), number of each region's map.
        argmax_y: (N, C, PH, PW), as `maximum` wrote it.
        argmax_x: (N, C, PH, PW), as `maximum` wrote it.
        target: (B, C, H, W), added to.
    """
    arrays = [x.numpy() for x in (grad, image, argmax_y, argmax_x, target)]
    split(lambda begin, end: _maximum_backward(*arrays, begin, end), target.size(1), cost=16 * grad.numel())


@kernel
def corners(at, size):
    """The two cells around a sample and the weight of the second; -1 where it is off the map."""
    if not (at >= -1 and at <= size):
        return -1, -1, at - at
    at = max(at, at - at)
    low = int(at)
    if low >= size - 1:
        return size - 1, size - 1, at - at
    return low, low + 1, at - np.floor(at)


@kernel
def raise_maximum(best, best_y, best_x, y, x, weights, first, second, third, fourth):
    """Replace the maxima (per channel) that a sample with these four cells and weights exceeds."""
    for c in range(len(best)):
        value = weights[0] * first[c] + weights[1] * second[c] + weights[2] * third[c] + weights[3] * fourth[c]
        if value > best[c]:
            best[c], best_y[c], best_x[c] = value, y, x


@kernel
def _maximum(cells, shape, image, starts, steps, samples, output, argmax_y, argmax_x, begin, end):
    """Max-pool the samples of the regions ``begin`` to ``end``, remembering where the largest lay.

    Args:
        cells: (B, H, W, C) as flat memory.
        shape: (B, C, H, W).
        image: (N,) int64, each region's map.
        starts, steps: (2, N), down and across, in cells.
        samples: (2, N) int64, per bin.
        output, argmax_y, argmax_x: (N, C, PH, PW), written.
        begin, end: Range of regions.
    """
    _, channels, height, width = shape
    bins_y, bins_x = output.shape[2:]
    real = cells.dtype.type
    one, nothing = real(1), np.zeros(channels, cells.dtype)
    best, best_y, best_x = np.empty_like(nothing), np.empty_like(nothing), np.empty_like(nothing)
    weights = np.empty(4, cells.dtype)
    for n in range(begin, end):
        plane = cells[image[n] * height * width * channels :]
        num_y, num_x = samples[0, n], samples[1, n]
        for p in range(bins_y):
            for q in range(bins_x):
                best[:], best_y[:], best_x[:] = -10000, -1, -1
                for i in range(num_y * num_x):
                    y = starts[0, n] + real(p) * steps[0, n] + real(i // num_x + 0.5) * steps[0, n] / real(num_y)
                    x = starts[1, n] + real(q) * steps[1, n] + real(i % num_x + 0.5) * steps[1, n] / real(num_x)
                    y1, y2, down = corners(y, height)
                    x1, x2, across = corners(x, width)
                    if y1 < 0 or x1 < 0:
                        weights[:] = 0
                        raise_maximum(best, best_y, best_x, y, x, weights, nothing, nothing, nothing, nothing)
                        continue
                    weights[0], weights[1] = (one - down) * (one - across), (one - down) * across
                    weights[2], weights[3] = down * (one - across), down * across
                    raise_maximum(
                        best,
                        best_y,
                        best_x,
                        y,
                        x,
                        weights,
                        plane[(y1 * width + x1) * channels :],
                        plane[(y1 * width + x2) * channels :],
                        plane[(y2 * width + x1) * channels :],
                        plane[(y2 * width + x2) * channels :],
                    )
                output[n, :, p, q], argmax_y[n, :, p, q], argmax_x[n, :, p, q] = best, best_y, best_x


@kernel
def _maximum_backward(grad, image, argmax_y, argmax_x, maps, begin, end):
    """Add each bin's gradient to the four cells around its largest sample, channels ``begin`` to ``end``."""
    _, _, height, width = maps.shape
    bins_y, bins_x = grad.shape[2:]
    one = maps.dtype.type(1)
    for n in range(len(image)):
        for c in range(begin, end):
            plane = maps[image[n], c]
            for p in range(bins_y):
                for q in range(bins_x):
                    y1, y2, down = corners(argmax_y[n, c, p, q], height)
                    x1, x2, across = corners(argmax_x[n, c, p, q], width)
                    value = grad[n, c, p, q]
                    if argmax_y[n, c, p, q] == -1 or y1 < 0 or x1 < 0:
                        continue
                    plane[y1, x1] += value * ((one - down) * (one - across))
                    plane[y1, x2] += value * ((one - down) * across)
                    plane[y2, x1] += value * (down * (one - across))
                    plane[y2, x2] += value * (down * across)
