"""RoIAlign in tensor operations.

Averages are matrix products, so that neither direction needs atomic additions
and the backward is deterministic on a GPU too.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from ..roi_align import Regions

# Elements of the largest intermediate result: regions are worked on in groups of this size.
CHUNK = 1 << 24


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
        at, valid = positions(regions, part, axis, bins, sample)
        valid = valid & (at >= -1) & (at <= size)
        distance = (at.clamp(0, size - 1)[..., None] - cells).abs()
        weights += (1 - distance).clamp(min=0) * valid[..., None]
    return weights / samples.clamp(min=1)[:, None, None]


def _groups(regions: 'Regions', num_images: int, cost: int) -> Iterator[tuple[int, Tensor]]:
    """Each image with a group of its regions, small enough to work on at once."""
    for image in range(num_images):
        chosen = (regions.image == image).nonzero().flatten()
        if len(chosen):
            yield from ((image, part) for part in chosen.split(max(1, CHUNK // cost)))


def positions(regions: 'Regions', part: Tensor, axis: int, bins: int, sample: int) -> tuple[Tensor, Tensor]:
    """Find one sample of each bin along one axis.

    Args:
        regions: N regions.
        part: (n,), which of them.
        axis: 0 down, 1 across.
        bins: Number of bins.
        sample: Number of the sample in its bin.

    Returns:
        (n, bins) places in cells, and whether the region has that many samples.
    """
    start, step, samples = (x[axis, part][:, None] for x in regions[1:])
    number = torch.arange(bins, device=part.device, dtype=start.dtype)
    at = start + number * step + (sample + 0.5) * step / samples.clamp(min=1).to(start.dtype)
    return at, (sample < samples).expand(at.shape)
