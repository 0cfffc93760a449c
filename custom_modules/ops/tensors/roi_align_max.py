"""RoIAlign in its maximum mode in tensor operations."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .roi_align import CHUNK, positions
from .scatter import add_rows

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
    num_regions, channels, bins_y, bins_x = output.shape
    output.fill_(-10000), argmax_y.fill_(-1), argmax_x.fill_(-1)
    for part in torch.arange(num_regions, device=maps.device).split(max(1, CHUNK // (channels * bins_y * bins_x))):
        largest = [int(x) for x in regions.samples[:, part].amax(1)]
        for i in range(largest[0] * largest[1]):
            ys, in_y = positions(regions, part, 0, bins_y, i // largest[1])
            xs, in_x = positions(regions, part, 1, bins_x, i % largest[1])
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
