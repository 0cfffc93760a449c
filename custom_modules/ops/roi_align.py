"""RoIAlign: bilinear samples on a regular grid in each bin, averaged or maximised.

He et al., Mask R-CNN (ICCV 2017), section 3.  Bilinear weights are a product
of a row weight and a column weight, so the average over a bin's samples is
``Wy @ F @ Wx.T`` with one small matrix per axis and region.
"""

from typing import NamedTuple

import torch
from torch import Tensor

# Elements of the largest intermediate result at a time.
_CHUNK = 1 << 24


class Grid(NamedTuple):
    """Where the samples lie along one axis, in cells of the feature map; all (N,).

    Attributes:
        start: Beginning of the region.
        step: Length of a bin.
        samples: Number of samples per bin, a whole number.
    """

    start: Tensor
    step: Tensor
    samples: Tensor


def roi_align_forward(
    input: Tensor,
    rois: Tensor,
    output: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> None:
    """Pool the features of each region into a fixed number of bins.

    Args:
        input: (B, C, H, W) features.
        rois: (N, 5), number of the image, then xyxy in pixels.
        output: (N, C, aligned_height, aligned_width), written.
        argmax_y: Like ``output`` for the max mode, written: row of the largest sample.
        argmax_x: The same for the column.
        aligned_height: Number of bins down.
        aligned_width: Number of bins across.
        spatial_scale: Feature cells per pixel.
        sampling_ratio: Samples per bin and axis; 0 takes one per cell, rounded up.
        pool_mode: 0 maximum, 1 average of a bin's samples.
        aligned: Whether cell centres lie half a cell in, instead of at the corner.
    """
    if pool_mode == 0:
        raise NotImplementedError('roi_align with pool_mode max')
    grids = _grids(rois, input, (aligned_height, aligned_width), spatial_scale, sampling_ratio, aligned)
    features = input.to(grids[0].start.dtype)
    image = rois[:, 0].long()
    for index in range(input.size(0)):
        chosen = (image == index).nonzero().flatten()
        for part in chosen.split(max(1, _CHUNK // max(1, features[0].numel() // features.size(2) * aligned_height))):
            rows, columns = (
                _axis_weights(Grid(*(x[part] for x in grid)), output.size(2 + axis), input.size(2 + axis))
                for axis, grid in enumerate(grids)
            )
            pooled = torch.einsum('nph,chw->npcw', rows, features[index])
            output[part] = torch.einsum('npcw,nqw->ncpq', pooled, columns).to(output.dtype)


def roi_align_backward(
    grad_output: Tensor,
    rois: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    grad_input: Tensor,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> None:
    """Spread the gradient of each bin over the cells its samples came from.

    Args:
        grad_output: (N, C, aligned_height, aligned_width).
        rois: As in `roi_align_forward`.
        argmax_y: As `roi_align_forward` wrote it.
        argmax_x: As `roi_align_forward` wrote it.
        grad_input: (B, C, H, W), zero on entry, written.
        aligned_height: As in `roi_align_forward`, like all that follow.
    """
    grids = _grids(rois, grad_input, (aligned_height, aligned_width), spatial_scale, sampling_ratio, aligned)
    gradient = grad_output.to(grids[0].start.dtype)
    image = rois[:, 0].long()
    for index in range(grad_input.size(0)):
        chosen = (image == index).nonzero().flatten()
        total = torch.zeros_like(grad_input[index], dtype=gradient.dtype)
        for part in chosen.split(max(1, _CHUNK // max(1, total.numel() // total.size(1) * aligned_height))):
            rows, columns = (
                _axis_weights(Grid(*(x[part] for x in grid)), grad_output.size(2 + axis), grad_input.size(2 + axis))
                for axis, grid in enumerate(grids)
            )
            spread = torch.einsum('ncpq,nqw->npcw', gradient[part], columns)
            total += torch.einsum('nph,npcw->chw', rows, spread)
        grad_input[index] = total.to(grad_input.dtype)


def _grids(
    rois: Tensor, features: Tensor, bins: tuple[int, int], scale: float, ratio: int, aligned: bool
) -> tuple[Grid, Grid]:
    """The sampling grid down and across, in single precision or better."""
    real = torch.promote_types(features.dtype, torch.float32)
    shift = 0.5 if aligned else 0.0
    x1, y1, x2, y2 = (rois[:, 1:].to(real) * torch.tensor(scale, dtype=real) - shift).unbind(1)
    return _grid(y1, y2, bins[0], ratio, aligned), _grid(x1, x2, bins[1], ratio, aligned)


def _grid(start: Tensor, end: Tensor, bins: int, ratio: int, aligned: bool) -> Grid:
    length = end - start
    if not aligned:
        length = length.clamp(min=1)
    step = length / bins
    return Grid(start, step, torch.full_like(step, ratio) if ratio > 0 else step.ceil())


def _axis_weights(grid: Grid, bins: int, size: int) -> Tensor:
    """(N, bins, size): how much each cell adds to the average of each bin along one axis."""
    start, step, samples = (x[:, None] for x in grid)
    cells = torch.arange(size, device=start.device, dtype=start.dtype)
    bin_start = start + torch.arange(bins, device=start.device, dtype=start.dtype) * step
    weights = start.new_zeros(len(start), bins, size)
    for sample in range(int(samples.max()) if len(samples) else 0):
        at = bin_start + (sample + 0.5) * step / samples
        inside = (at >= -1) & (at <= size) & (sample < samples)
        distance = (at.clamp(0, size - 1)[..., None] - cells).abs()
        weights += (1 - distance).clamp(min=0) * inside[..., None]
    return weights / samples.clamp(min=1)[..., None]
