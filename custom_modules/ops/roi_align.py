"""RoIAlign: bilinear samples on a regular grid in each bin, averaged or maximised.

He et al., Mask R-CNN (ICCV 2017), section 3.  Bilinear weights are a product
of a row weight and a column weight, so the average over a bin's samples is
``Wy @ F @ Wx.T`` with one small matrix per axis and region.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from .precision import filled, widen
from .selection import implementation


class Regions(NamedTuple):
    """Regions as sampling grids, in cells of the feature map, down (row 0) and across (row 1).

    Attributes:
        image: (N,) int64, number of the map.
        starts: (2, N), beginning of the region.
        steps: (2, N), length of a bin.
        samples: (2, N) int64, number of samples per bin.
    """

    image: Tensor
    starts: Tensor
    steps: Tensor
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
        argmax_y: Like ``output`` in the max mode, written: row of the largest sample.
        argmax_x: The same for its column.
        aligned_height: Number of bins down.
        aligned_width: Number of bins across.
        spatial_scale: Feature cells per pixel.
        sampling_ratio: Samples per bin and axis; 0 takes one per cell, rounded up.
        pool_mode: 0 maximum, 1 average of a bin's samples.
        aligned: Whether cell centres lie half a cell in, instead of at the corner.

    Raises:
        ValueError: A region has a negative side, or lies in no image (checked
            on the CPU only: a GPU would have to wait).
    """
    maps = widen(input).contiguous()
    regions = _regions(rois, input.shape, maps.dtype, output.shape[2:], spatial_scale, sampling_ratio, aligned)
    if output.numel() == 0:
        return
    if pool_mode == 1:
        with filled(output, maps.dtype) as target:
            implementation('roi_align', maps).average(maps, regions, target)
    else:
        with (
            filled(output, maps.dtype) as target,
            filled(argmax_y, maps.dtype) as row,
            filled(argmax_x, maps.dtype) as column,
        ):
            implementation('roi_align_max', maps).maximum(maps, regions, target, row, column)


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
    grad = widen(grad_output).contiguous()
    regions = _regions(rois, grad_input.shape, grad.dtype, grad.shape[2:], spatial_scale, sampling_ratio, aligned)
    if grad_input.numel() == 0 or grad.numel() == 0:
        return
    with filled(grad_input, grad.dtype) as target:
        if pool_mode == 1:
            implementation('roi_align', grad).average_backward(grad, regions, target)
        else:
            places = widen(argmax_y), widen(argmax_x)
            implementation('roi_align_max', grad).maximum_backward(grad, regions.image, *places, target)


def _regions(
    rois: Tensor,
    shape: torch.Size,
    dtype: torch.dtype,
    bins: tuple[int, int],
    scale: float,
    ratio: int,
    aligned: bool,
) -> Regions:
    """Sampling grids of (N, 5) regions on maps of a (B, C, H, W) shape."""
    # The compiled operator takes the scale in single precision, whatever the features are.
    scale = torch.tensor(scale, dtype=torch.float32).item()
    corners = rois[:, 1:].to(dtype).T * scale - (0.5 if aligned else 0.0)
    starts, lengths = corners[[1, 0]], corners[[3, 2]] - corners[[1, 0]]
    if not aligned:
        lengths = lengths.clamp(min=1)
    check_images(rois, shape[0])
    _check_lengths(lengths)
    # Divided by a tensor: by a number, a GPU multiplies with the rounded inverse.
    steps = lengths / torch.tensor(bins, dtype=dtype, device=rois.device)[:, None]
    samples = torch.full_like(steps, ratio) if ratio > 0 else steps.ceil()
    return Regions(rois[:, 0].long(), starts.contiguous(), steps, samples.long())


def check_images(rois: Tensor, num_images: int) -> None:
    """Make sure, on the CPU, that the first column of (N, 5) regions names images; a GPU would have to wait for it.

    Args:
        rois: (N, 5), number of the image first.
        num_images: Images there are.

    Raises:
        ValueError: It does not.
    """
    if rois.device.type == 'cpu' and not ((rois[:, 0] >= 0) & (rois[:, 0] < num_images)).all():
        raise ValueError(f'a region lies in an image that does not exist: there are {num_images}')


def _check_lengths(lengths: Tensor) -> None:
    if lengths.device.type == 'cpu' and not ((lengths >= 0) & lengths.isfinite()).all():
        raise ValueError('RoIAlign got a region with a negative or infinite side: the box regression has diverged')
