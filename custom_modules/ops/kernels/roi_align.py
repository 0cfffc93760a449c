"""RoIAlign on the CPU.

The average over the samples of a bin is a weighted sum of rows of cells, then
of columns: channels lie next to each other in memory, so every step is a long
vector operation, and a cell is read once per bin row instead of once per
sample.  A map is rearranged channels-last as a whole, or, for a few regions,
only under each region (``cells`` of length 0).
"""

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from custom_modules.utils.jit import kernel, split

if TYPE_CHECKING:
    from ..roi_align import Regions


def average(maps: Tensor, regions: 'Regions', output: Tensor) -> None:
    """Average-pool regions.

    Args:
        maps: (B, C, H, W).
        regions: N regions.
        output: (N, C, PH, PW), written.
    """
    by_region = _is_cheaper_by_region(regions, maps.shape, output.shape[2:])
    cells = maps.new_empty(0) if by_region else maps.permute(0, 2, 3, 1).contiguous().flatten()
    arrays = [x.numpy() for x in (maps, cells, *regions, output)]
    split(lambda begin, end: _average(*arrays, begin, end), len(output), cost=8 * output.numel())


def average_backward(grad: Tensor, regions: 'Regions', target: Tensor) -> None:
    """Add the gradient of every bin to the cells that it averages.

    Threads work on different channels: no two add to the same cell, and every
    cell is added to in the order of the regions.

    Args:
        grad: (N, C, PH, PW).
        regions: N regions.
        target: (B, C, H, W), zero on entry, written.
    """
    by_region = _is_cheaper_by_region(regions, target.shape, grad.shape[2:])
    images, channels, height, width = target.shape
    arrays = [x.numpy() for x in (grad, *regions, target)]
    parts = {}

    def work(begin: int, end: int) -> None:
        size = 0 if by_region else images * height * width * (end - begin)
        parts[begin, end] = np.zeros(size, arrays[0].dtype)
        _average_backward(*arrays, parts[begin, end], begin, end)

    split(work, channels, cost=8 * grad.numel(), align=16)
    if not by_region:
        for (begin, end), cells in parts.items():
            target[:, begin:end] = torch.from_numpy(cells).view(images, height, width, -1).permute(0, 3, 1, 2)


def _is_cheaper_by_region(regions: 'Regions', shape: torch.Size, bins: tuple[int, int]) -> bool:
    """Whether the cells under all regions are few against those of the maps."""
    sizes = torch.tensor(shape[2:])[:, None]
    ends = regions.starts + regions.steps * torch.tensor(bins)[:, None]
    spans = (ends.ceil().minimum(sizes) - regions.starts.floor().clamp(min=0) + 1).clamp(min=0)
    return 2 * spans.prod(0).sum().item() < shape[0] * shape[2] * shape[3]


@kernel
def axis_weights(start, step, samples, weights, first, stop):
    """Average the bilinear weights of each bin's samples along one axis.

    Args:
        start: Beginning of the region, in cells.
        step: Length of a bin.
        samples: Samples per bin.
        weights: (bins, size), written: what each cell adds to each bin.
        first, stop: (bins,), written: the range of cells with weights; empty
            where no sample lies on the map.

    Returns:
        The range of cells that any bin uses.
    """
    bins, size = weights.shape
    real = weights.dtype.type
    weights[:] = 0
    for b in range(bins):
        first[b], stop[b] = size, 0
        for s in range(samples):
            at = start + real(b) * step + real(s + 0.5) * step / real(samples)
            if not (at >= -1 and at <= size):
                continue
            at = min(max(at, real(0)), real(size - 1))
            cell = int(at)
            beyond = at - real(cell)
            weights[b, cell] += real(1) - beyond
            if beyond > 0:
                weights[b, cell + 1] += beyond
            first[b] = min(first[b], cell)
            stop[b] = max(stop[b], cell + (2 if beyond > 0 else 1))
        weights[b, first[b] : stop[b]] /= real(samples)
    return first.min(), stop.max()


@kernel(fused=True)
def gather(target, source, pitch, weights, first, stop):
    """Set ``target`` to the weighted sum of equally long, ``pitch`` apart pieces of ``source``."""
    length = len(target)
    if stop <= first:
        target[:] = 0
        return
    piece, weight = source[first * pitch : first * pitch + length], weights[first]
    for i in range(length):
        target[i] = weight * piece[i]
    k = first + 1
    while k + 1 < stop:  # two at a time: half the passes over the target
        piece, weight = source[k * pitch : k * pitch + length], weights[k]
        piece2, weight2 = source[(k + 1) * pitch : (k + 1) * pitch + length], weights[k + 1]
        for i in range(length):
            target[i] += weight * piece[i] + weight2 * piece2[i]
        k += 2
    if k < stop:
        piece, weight = source[k * pitch : k * pitch + length], weights[k]
        for i in range(length):
            target[i] += weight * piece[i]


@kernel(fused=True)
def spread(target, source, pitch, weights, first, stop):
    """Add ``source`` with weights to equally long, ``pitch`` apart pieces of ``target``."""
    length = len(source)
    for k in range(first, stop):
        piece, weight = target[k * pitch : k * pitch + length], weights[k]
        for i in range(length):
            piece[i] += weight * source[i]


@kernel
def channels_last(window):
    """Copy a (C, h, w) window to flat (h, w, C) memory."""
    channels, height, width = window.shape
    flat = np.empty(height * width * channels, window.dtype)
    cells = flat.reshape(height, width, channels)
    for c in range(channels):
        for y in range(height):
            for x in range(width):
                cells[y, x, c] = window[c, y, x]
    return flat


@kernel
def add_channels_last(window, flat):
    """Add flat (h, w, C) memory to a (C, h, w) window."""
    channels, height, width = window.shape
    cells = flat.reshape(height, width, channels)
    for c in range(channels):
        for y in range(height):
            for x in range(width):
                window[c, y, x] += cells[y, x, c]


@kernel(fused=True)
def _average(maps, cells, image, starts, steps, samples, output, begin, end):
    """Average-pool the regions ``begin`` to ``end``.

    Args:
        maps: (B, C, H, W).
        cells: The same as flat channels-last memory, or empty.
        image: (N,) int64, each region's map.
        starts, steps: (2, N), down and across, in cells.
        samples: (2, N) int64, per bin.
        output: (N, C, PH, PW), written.
        begin, end: Range of regions.
    """
    _, channels, height, width = maps.shape
    bins_y, bins_x = output.shape[2:]
    rows, columns = np.empty((bins_y, height), maps.dtype), np.empty((bins_x, width), maps.dtype)
    top, bottom = np.empty(bins_y, np.int64), np.empty(bins_y, np.int64)
    left, right = np.empty(bins_x, np.int64), np.empty(bins_x, np.int64)
    line = np.empty(width * channels, maps.dtype)
    pooled = np.empty((bins_y, bins_x, channels), maps.dtype)
    for n in range(begin, end):
        y1, y2 = axis_weights(starts[0, n], steps[0, n], samples[0, n], rows, top, bottom)
        x1, x2 = axis_weights(starts[1, n], steps[1, n], samples[1, n], columns, left, right)
        if y2 <= y1 or x2 <= x1:
            output[n] = 0
            continue
        if len(cells) == 0:
            source = channels_last(maps[image[n], :, y1:y2, x1:x2])
            top -= y1
            bottom -= y1
            y0, pitch = y1, (x2 - x1) * channels
        else:
            source = cells[(image[n] * height * width + x1) * channels :]
            y0, pitch = 0, width * channels
        part = line[: (x2 - x1) * channels]
        for p in range(bins_y):
            gather(part, source, pitch, rows[p, y0:], top[p], bottom[p])
            for q in range(bins_x):
                gather(pooled[p, q], part, channels, columns[q, x1:], left[q] - x1, right[q] - x1)
        for c in range(channels):
            for p in range(bins_y):
                for q in range(bins_x):
                    output[n, c, p, q] = pooled[p, q, c]


@kernel(fused=True)
def _average_backward(grad, image, starts, steps, samples, maps, cells, begin, end):
    """Spread the gradient of all regions over the channels ``begin`` to ``end``.

    Args:
        grad: (N, C, PH, PW).
        image, starts, steps, samples: As in `_average`.
        maps: (B, C, H, W), added to where ``cells`` is empty.
        cells: Flat channels-last memory (B, H, W, end - begin), added to, or empty.
        begin, end: Range of channels; another range can be worked on at the same time.
    """
    _, _, height, width = maps.shape
    bins_y, bins_x = grad.shape[2:]
    channels = end - begin
    rows, columns = np.empty((bins_y, height), maps.dtype), np.empty((bins_x, width), maps.dtype)
    top, bottom = np.empty(bins_y, np.int64), np.empty(bins_y, np.int64)
    left, right = np.empty(bins_x, np.int64), np.empty(bins_x, np.int64)
    line = np.empty(width * channels, maps.dtype)
    pooled = np.empty((bins_y, bins_x, channels), maps.dtype)
    for n in range(len(image)):
        y1, y2 = axis_weights(starts[0, n], steps[0, n], samples[0, n], rows, top, bottom)
        x1, x2 = axis_weights(starts[1, n], steps[1, n], samples[1, n], columns, left, right)
        if y2 <= y1 or x2 <= x1:
            continue
        for c in range(channels):
            for p in range(bins_y):
                for q in range(bins_x):
                    pooled[p, q, c] = grad[n, begin + c, p, q]
        if len(cells) == 0:
            target = np.zeros((y2 - y1) * (x2 - x1) * channels, maps.dtype)
            top -= y1
            bottom -= y1
            y0, pitch = y1, (x2 - x1) * channels
        else:
            target = cells[(image[n] * height * width + x1) * channels :]
            y0, pitch = 0, width * channels
        part = line[: (x2 - x1) * channels]
        for p in range(bins_y):
            part[:] = 0
            for q in range(bins_x):
                spread(part, pooled[p, q], channels, columns[q, x1:], left[q] - x1, right[q] - x1)
            spread(target, part, pitch, rows[p, y0:], top[p], bottom[p])
        if len(cells) == 0:
            add_channels_last(maps[image[n], begin:end, y1:y2, x1:x2], target)
