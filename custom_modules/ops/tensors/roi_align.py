"""RoIAlign in tensor operations.

Averages are matrix products, so that neither direction needs atomic additions
and the backward is deterministic on a GPU too.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .scatter import add_rows

if TYPE_CHECKING:
    from ..roi_align import Regions

# Elements of the largest intermediate result: regions are worked on in groups of this size.
_CHUNK = 1 << 24


def average(maps: Tensor, regions: 'Regions', output: Tensor) -> None:
    """Average-pool regions.

    Args:
        maps: (B, C, H, W).
        regions: N regions.
        output: (N, C, PH, PW), written.
    """
    _, channels, height, width = maps.shape
    for image, part in _groups(regions, len(maps), channels * output.size(2) * width):
        rows = axis_weights(regions, part, 0, output.size(2), height)
        columns = axis_weights(regions, part, 1, output.size(3), width)
        lines = rows.flatten(0, 1) @ maps[image].transpose(0, 1).flatten(1)
        pooled = lines.view(len(part), -1, width) @ columns.transpose(1, 2)
        output[part] = pooled.view(len(part), output.size(2), channels, -1).transpose(1, 2)


def average_backward(grad: Tensor, regions: 'Regions', target: Tensor) -> None:
    """Add the gradient of every bin to the cells that it averages.

    Args:
        grad: (N, C, PH, PW).
        regions: N regions.
        target: (B, C, H, W), added to.
    """
    _, channels, height, width = target.shape
    bins_y, bins_x = grad.shape[2:]
    for image, part in _groups(regions, len(target), channels * bins_y * width):
        rows = axis_weights(regions, part, 0, bins_y, height)
        columns = axis_weights(regions, part, 1, bins_x, width)
        lines = grad[part].transpose(1, 2).reshape(len(part), -1, bins_x) @ columns
        spread = rows.flatten(0, 1).T @ lines.view(len(part) * bins_y, channels * width)
        target[image] += spread.view(height, channels, width).transpose(0, 1)


def maximum(maps: Tensor, regions: 'Regions', output: Tensor, argmax_y: Tensor, argmax_x: Tensor) -> None:
    """Max-pool the samples of each bin.

    Args:
        maps: (B, C, H, W).
        regions: N regions.
        output: (N, C, PH, PW), written; -10000 in a bin without samples.
        argmax_y: Like ``output``, written: row of the largest sample, -1 without samples.
        argmax_x: The same for its column.
    """
    num_regions, channels, bins_y, bins_x = output.shape
    output.fill_(-10000), argmax_y.fill_(-1), argmax_x.fill_(-1)
    for part in torch.arange(num_regions, device=maps.device).split(max(1, _CHUNK // (channels * bins_y * bins_x))):
        largest = [int(x) for x in regions.samples[:, part].amax(1)]
        for i in range(largest[0] * largest[1]):
            ys, in_y = _positions(regions, part, 0, bins_y, i // largest[1])
            xs, in_x = _positions(regions, part, 1, bins_x, i % largest[1])
            value = _bilinear(maps, regions.image[part], ys, xs)
            inside = (in_y[:, :, None] & in_x[:, None])[:, None]
            better = inside & (value > output[part])
            output[part] = torch.where(better, value, output[part])
            argmax_y[part] = torch.where(better, ys[:, None, :, None], argmax_y[part])
            argmax_x[part] = torch.where(better, xs[:, None, None], argmax_x[part])


def maximum_backward(grad: Tensor, image: Tensor, argmax_y: Tensor, argmax_x: Tensor, target: Tensor) -> None:
    """Add the gradient of every bin to the four cells around its largest sample.

    Args:
        grad: (N, C, PH, PW).
        image: (N,), number of each region's map.
        argmax_y: (N, C, PH, PW), as `maximum` wrote it.
        argmax_x: (N, C, PH, PW), as `maximum` wrote it.
        target: (B, C, H, W), added to.
    """
    _, channels, height, width = target.shape
    channel = torch.arange(channels, device=grad.device)[:, None, None]
    plane = (image[:, None, None, None] * channels + channel) * height * width
    flat = target.view(-1, 1)
    low_y, high_y, down, in_y = _corners(argmax_y, height)
    low_x, high_x, across, in_x = _corners(argmax_x, width)
    grad = grad * (in_y & in_x & (argmax_y != -1))
    for y, row_weight in ((low_y, 1 - down), (high_y, down)):
        for x, weight in ((low_x, 1 - across), (high_x, across)):
            add_rows(flat, (plane + y * width + x).flatten(), (grad * (row_weight * weight)).reshape(-1, 1))


def axis_weights(regions: 'Regions', part: Tensor, axis: int, bins: int, size: int) -> Tensor:
    """(n, bins, size): how much each cell adds to the average of each bin along one axis.

    Args:
        regions: N regions.
        part: (n,), which of them.
        axis: 0 down, 1 across.
        bins: Number of bins.
        size: Cells of the map.
    """
    samples = regions.samples[axis, part]
    cells = torch.arange(size, device=part.device, dtype=regions.starts.dtype)
    weights = cells.new_zeros(len(part), bins, size)
    for sample in range(int(samples.max())):
        at, valid = _positions(regions, part, axis, bins, sample)
        valid = valid & (at >= -1) & (at <= size)
        distance = (at.clamp(0, size - 1)[..., None] - cells).abs()
        weights += (1 - distance).clamp(min=0) * valid[..., None]
    return weights / samples.clamp(min=1)[:, None, None]


def _groups(regions: 'Regions', num_images: int, cost: int) -> Iterator[tuple[int, Tensor]]:
    """Each image with a group of its regions, small enough to work on at once."""
    for image in range(num_images):
        chosen = (regions.image == image).nonzero().flatten()
        if len(chosen):
            yield from ((image, part) for part in chosen.split(max(1, _CHUNK // cost)))


def _positions(regions: 'Regions', part: Tensor, axis: int, bins: int, sample: int) -> tuple[Tensor, Tensor]:
    """(n, bins) places of one sample of each bin, and whether the region has that many samples."""
    start, step, samples = (x[axis, part][:, None] for x in regions[1:])
    number = torch.arange(bins, device=part.device, dtype=start.dtype)
    at = start + number * step + (sample + 0.5) * step / samples.clamp(min=1).to(start.dtype)
    return at, (sample < samples).expand(at.shape)


def _corners(at: Tensor, size: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The cells before and after each place, the weight of the latter, and whether the place is on the map."""
    inside = (at >= -1) & (at <= size)
    at = torch.where(inside, at, 0).clamp(0, size - 1)
    low = at.floor()
    return low.long(), (low.long() + 1).clamp(max=size - 1), at - low, inside


def _bilinear(maps: Tensor, image: Tensor, ys: Tensor, xs: Tensor) -> Tensor:
    """(n, C, PH, PW) values at (n, PH) rows and (n, PW) columns of (B, C, H, W) maps."""
    low_y, high_y, down, in_y = _corners(ys, maps.size(2))
    low_x, high_x, across, in_x = _corners(xs, maps.size(3))
    total = 0
    for y, row_weight in ((low_y, 1 - down), (high_y, down)):
        for x, weight in ((low_x, 1 - across), (high_x, across)):
            value = maps[image[:, None, None], :, y[:, :, None], x[:, None]].permute(0, 3, 1, 2)
            total = total + value * (row_weight[:, :, None] * weight[:, None])[:, None]
    return total * (in_y[:, :, None] & in_x[:, None])[:, None]
