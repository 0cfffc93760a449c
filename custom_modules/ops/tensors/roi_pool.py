"""RoIPool in tensor operations; the interface is that of `custom_modules.ops.kernels.roi_pool`."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .scatter import add_rows

if TYPE_CHECKING:
    from ..roi_pool import Bins


def largest(maps: Tensor, image: Tensor, down: 'Bins', across: 'Bins', output: Tensor, argmax: Tensor) -> None:
    """Find the largest cell of each bin, the first in reading order among equals.

    Args:
        maps: (B, C, H, W).
        image: (N,) int64, number of each region's map.
        down: Rows of the bins.
        across: Columns of the bins.
        output: (N, C, PH, PW), written; 0 in an empty bin.
        argmax: (N, C, PH, PW) int32, written: y * W + x, -1 in an empty bin.
    """
    output.zero_()
    argmax.fill_(-1)
    rows, columns = (int((bins.stop - bins.start).max().clamp(min=0)) for bins in (down, across))
    for i in range(rows * columns):
        y, x = down.start + i // columns, across.start + i % columns
        inside = ((y < down.stop)[:, :, None] & (x < across.stop)[:, None])[:, None]
        y, x = y.clamp(max=maps.size(2) - 1)[:, :, None], x.clamp(max=maps.size(3) - 1)[:, None]
        value = maps[image[:, None, None], :, y, x].permute(0, 3, 1, 2)
        better = inside & ((argmax < 0) | (value > output))
        output.copy_(torch.where(better, value, output))
        argmax.copy_(torch.where(better, (y * maps.size(3) + x)[:, None], argmax))


def largest_backward(grad: Tensor, image: Tensor, argmax: Tensor, target: Tensor) -> None:
    """Add the gradient of each bin to its largest cell.

    Args:
        grad: (N, C, PH, PW).
        image: (N,) int64, number of each region's map.
        argmax: As `largest` wrote it.
        target: (B, C, H, W), added to.
    """
    channels, cells = target.size(1), target[0, 0].numel()
    plane = image[:, None] * channels + torch.arange(channels, device=image.device)
    index = plane[:, :, None, None] * cells + argmax.clamp(min=0)
    add_rows(target.view(-1, 1), index.flatten(), torch.where(argmax >= 0, grad, 0).reshape(-1, 1))
