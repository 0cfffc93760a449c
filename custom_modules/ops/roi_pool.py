"""RoIPool: the largest cell of each bin.

Girshick, Fast R-CNN (ICCV 2015), section 2.1, with the region's last pixel
included and bins that are rounded outwards, so that neighbours overlap.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from .precision import filled, widen
from .roi_align import check_images
from .selection import implementation


class Bins(NamedTuple):
    """Cells that the bins of each region cover along one axis, both (N, bins) int64.

    Attributes:
        start: First cell.
        stop: One after the last cell; not after ``start`` where there is none.
    """

    start: Tensor
    stop: Tensor


def roi_pool_forward(
    input: Tensor,
    rois: Tensor,
    output: Tensor,
    argmax: Tensor,
    pooled_height: int,
    pooled_width: int,
    spatial_scale: float,
) -> None:
    """Pool the features of each region into a fixed number of bins.

    Args:
        input: (B, C, H, W) features.
        rois: (N, 5), number of the image, then xyxy in pixels.
        output: (N, C, pooled_height, pooled_width), written; 0 in an empty bin.
        argmax: Like ``output`` in int32, written: the cell as y * W + x, -1 in an empty bin.
        pooled_height: Number of bins down.
        pooled_width: Number of bins across.
        spatial_scale: Feature cells per pixel.
    """
    maps = widen(input).contiguous()
    if output.numel() == 0:
        return
    check_images(rois, len(maps))
    scale = torch.tensor(spatial_scale, dtype=torch.float32).item()
    x1, y1, x2, y2 = rois[:, 1:].to(maps.dtype).unbind(1)
    down = _bins(y1 * scale, (y2 + 1) * scale, pooled_height, maps.size(2))
    across = _bins(x1 * scale, (x2 + 1) * scale, pooled_width, maps.size(3))
    with filled(output, maps.dtype) as target:
        implementation('roi_pool', maps).largest(maps, rois[:, 0].long(), down, across, target, argmax)


def roi_pool_backward(
    grad_output: Tensor,
    rois: Tensor,
    argmax: Tensor,
    grad_input: Tensor,
    pooled_height: int,
    pooled_width: int,
    spatial_scale: float,
) -> None:
    """Give the gradient of each bin to its largest cell.

    Args:
        grad_output: (N, C, pooled_height, pooled_width).
        rois: As in `roi_pool_forward`.
        argmax: As `roi_pool_forward` wrote it.
        grad_input: (B, C, H, W), zero on entry, written.
        pooled_height: As in `roi_pool_forward`, like all that follow.
    """
    grad = widen(grad_output)
    if grad.numel() == 0 or grad_input.numel() == 0:
        return
    with filled(grad_input, grad.dtype) as target:
        implementation('roi_pool', grad).largest_backward(grad.contiguous(), rois[:, 0].long(), argmax, target)


def _bins(start: Tensor, end: Tensor, bins: int, size: int) -> Bins:
    step = ((end - start) / torch.tensor(bins, dtype=start.dtype, device=start.device))[:, None]
    number = torch.arange(bins, device=start.device, dtype=start.dtype)
    first = (number * step + start[:, None]).floor().clamp(0, size).long()
    stop = ((number + 1) * step + start[:, None]).ceil().clamp(0, size).long()
    return Bins(first, torch.where(step > 0, stop, 0))
