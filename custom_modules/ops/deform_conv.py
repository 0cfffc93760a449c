"""Deformable convolution, with (v2) and without (v1) modulation.

Dai et al., Deformable Convolutional Networks (ICCV 2017), equations 2 to 4;
Zhu et al., Deformable ConvNets v2 (CVPR 2019), equation 1.  Every tap of the
kernel reads the map at a place of its own; the rest is a matrix product.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from .precision import widen
from .selection import implementation

# Samples held at a time.
_CHUNK = 1 << 24


class Geometry(NamedTuple):
    """Shape of a convolution; pairs are down, across.

    Attributes:
        kernel: Taps of the kernel.
        stride: Step between outputs, in cells.
        padding: Cells added at each border.
        dilation: Step between taps, in cells.
        groups: Groups of channels that are convolved apart.
        deform_groups: Groups of channels that share their offsets.
    """

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    groups: int
    deform_groups: int


def geometry(options: dict[str, int]) -> Geometry:
    """Read the shape of a convolution from the keywords that mmcv calls its operators with.

    Args:
        options: ``kH, dH, padH, dilationH`` (and W) of v1, or ``kernel_h,
            stride_h, pad_h, dilation_h`` (and w) of v2; ``group``; ``deformable_group``.
    """
    if 'kH' in options:
        names = [(f'{name}H', f'{name}W') for name in ('k', 'd', 'pad', 'dilation')]
    else:
        names = [(f'{name}_h', f'{name}_w') for name in ('kernel', 'stride', 'pad', 'dilation')]
    pairs = [(options[down], options[across]) for down, across in names]
    return Geometry(*pairs, options['group'], options['deformable_group'])


def deform_conv_forward(
    input: Tensor, weight: Tensor, offset: Tensor, output: Tensor, columns: Tensor, ones: Tensor, **options: int
) -> None:
    """Convolve, each tap shifted by its offset.

    Args:
        input: (B, C, H, W).
        weight: (O, C / groups, kH, kW).
        offset: (B, deform_groups * kH * kW * 2, H', W'), shift down and across, in cells.
        output: (B, O, H', W'), written.
        columns: Not used, like ``ones`` and the option ``im2col_step``: pictures are worked on one by one.
        **options: See `geometry`.
    """
    _forward(input, weight, None, offset, None, output, geometry(options))


def deform_conv_backward_input(
    input: Tensor,
    offset: Tensor,
    gradOutput: Tensor,
    gradInput: Tensor,
    gradOffset: Tensor,
    weight: Tensor,
    columns: Tensor,
    **options: int,
) -> None:
    """Gradients of the input and of the offsets.

    Args:
        input: As in `deform_conv_forward`, like all that is not named here.
        gradOutput: (B, O, H', W').
        gradInput: Like ``input``, written.
        gradOffset: Like ``offset``, written.
    """
    _backward(input, weight, offset, None, gradOutput, geometry(options), gradInput, gradOffset, None)


def deform_conv_backward_parameters(
    input: Tensor,
    offset: Tensor,
    gradOutput: Tensor,
    gradWeight: Tensor,
    columns: Tensor,
    ones: Tensor,
    **options: float,
) -> None:
    """Gradient of the kernel.

    Args:
        input: As in `deform_conv_forward`, like all that is not named here.
        gradOutput: (B, O, H', W').
        gradWeight: (O, C / groups, kH, kW), added to.
        **options: See `geometry`; ``scale`` is a factor of what is added.
    """
    _backward_weight(input, offset, None, gradOutput, geometry(options), gradWeight, options['scale'])


def modulated_deform_conv_forward(
    input: Tensor,
    weight: Tensor,
    bias: Tensor,
    ones: Tensor,
    offset: Tensor,
    mask: Tensor,
    output: Tensor,
    columns: Tensor,
    **options: int,
) -> None:
    """Convolve, each tap shifted by its offset and scaled by its mask.

    Args:
        input: (B, C, H, W).
        weight: (O, C / groups, kH, kW).
        bias: (O,), used with the option ``with_bias``.
        ones: Not used, like ``columns``.
        offset: (B, deform_groups * kH * kW * 2, H', W'), shift down and across, in cells.
        mask: (B, deform_groups * kH * kW, H', W').
        output: (B, O, H', W'), written.
        **options: See `geometry`.
    """
    _forward(input, weight, bias if options['with_bias'] else None, offset, mask, output, geometry(options))


def modulated_deform_conv_backward(
    input: Tensor,
    weight: Tensor,
    bias: Tensor,
    ones: Tensor,
    offset: Tensor,
    mask: Tensor,
    columns: Tensor,
    grad_input: Tensor,
    grad_weight: Tensor,
    grad_bias: Tensor,
    grad_offset: Tensor,
    grad_mask: Tensor,
    grad_output: Tensor,
    **options: int,
) -> None:
    """All gradients of `modulated_deform_conv_forward`, whose arguments these are.

    Args:
        input: As in `modulated_deform_conv_forward`, like all that is not named here.
        grad_input: Like ``input``, written, as are those of offset and mask;
            those of weight and bias are added to.
        grad_output: (B, O, H', W').
    """
    shape = geometry(options)
    _backward(input, weight, offset, mask, grad_output, shape, grad_input, grad_offset, grad_mask)
    _backward_weight(input, offset, mask, grad_output, shape, grad_weight, 1.0)
    if options['with_bias']:
        grad_bias += widen(grad_output).sum((0, 2, 3)).to(grad_bias.dtype)


def _forward(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    offset: Tensor,
    mask: Tensor | None,
    output: Tensor,
    shape: Geometry,
) -> None:
    _check(offset, output, shape)
    matrix = _matrix(widen(weight), shape.groups)
    for part in _parts(input, offset, shape):
        columns = _columns(_cells(input[part]), *_places(offset[part], mask, part, shape), shape)
        result = (matrix @ columns.mT).view(output[part].shape)
        output[part] = result if bias is None else result.add_(widen(bias)[:, None, None])


def _backward(
    input: Tensor,
    weight: Tensor,
    offset: Tensor,
    mask: Tensor | None,
    grad_output: Tensor,
    shape: Geometry,
    grad_input: Tensor,
    grad_offset: Tensor,
    grad_mask: Tensor | None,
) -> None:
    matrix = _matrix(widen(weight), shape.groups)
    taps = shape.kernel[0] * shape.kernel[1]
    for part in _parts(input, offset, shape):
        cells, places = _cells(input[part]), _places(offset[part], mask, part, shape)
        grad = widen(grad_output[part]).reshape(len(cells), *matrix.shape[:2], -1)
        # (B, groups, places, taps * channels) as (B, places, taps, groups * channels), the order of the samples.
        columns = (grad.mT @ matrix).unflatten(3, (taps, -1)).permute(0, 2, 3, 1, 4).flatten(3).contiguous()
        to_cells, to_y, to_x, to_scale = implementation('sampling', cells).sample_backward(cells, *places, columns)
        grad_input[part] = to_cells.permute(0, 3, 1, 2)
        grad_offset[part] = torch.stack([to_y, to_x], -1).flatten(2).mT.reshape(grad_offset[part].shape)
        if grad_mask is not None:
            grad_mask[part] = to_scale.flatten(2).mT.reshape(grad_mask[part].shape)


def _backward_weight(
    input: Tensor,
    offset: Tensor,
    mask: Tensor | None,
    grad_output: Tensor,
    shape: Geometry,
    grad_weight: Tensor,
    scale: float,
) -> None:
    outputs, channels, taps = grad_weight.flatten(2).shape
    for part in _parts(input, offset, shape):
        columns = _columns(_cells(input[part]), *_places(offset[part], mask, part, shape), shape)
        grad = widen(grad_output[part]).reshape(len(columns), shape.groups, outputs // shape.groups, -1)
        change = (grad @ columns).sum(0).view(outputs, taps, channels).transpose(1, 2)
        grad_weight.add_(change.reshape(grad_weight.shape).to(grad_weight.dtype), alpha=scale)


def _parts(input: Tensor, offset: Tensor, shape: Geometry) -> Iterator[slice]:
    """Groups of pictures that are small enough to work on at once."""
    cost = input.size(1) * shape.kernel[0] * shape.kernel[1] * offset[0, 0].numel() if len(input) else 1
    step = max(1, _CHUNK // cost)
    return (slice(start, start + step) for start in range(0, len(input), step))


def _check(offset: Tensor, output: Tensor, shape: Geometry) -> None:
    expected = (len(output), 2 * shape.deform_groups * shape.kernel[0] * shape.kernel[1], *output.shape[2:])
    if tuple(offset.shape) != expected:
        raise ValueError(f'deformable convolution: offset of shape {tuple(offset.shape)} should be {expected}')


def _cells(maps: Tensor) -> Tensor:
    """(B, C, H, W) maps as (B, H, W, C) in single precision or better."""
    return widen(maps).permute(0, 2, 3, 1).contiguous()


def _matrix(weight: Tensor, groups: int) -> Tensor:
    """A (O, C, kH, kW) kernel as (groups, O / groups, kH * kW * C)."""
    return weight.flatten(2).transpose(1, 2).reshape(groups, len(weight) // groups, -1)


def _columns(cells: Tensor, ys: Tensor, xs: Tensor, scales: Tensor, shape: Geometry) -> Tensor:
    """The samples under all taps, (B, groups, places, taps * C / groups)."""
    samples = implementation('sampling', cells).sample(cells, ys, xs, scales)
    return samples.unflatten(3, (shape.groups, -1)).permute(0, 3, 1, 2, 4).flatten(3)


def _places(offset: Tensor, mask: Tensor | None, part: slice, shape: Geometry) -> tuple[Tensor, Tensor, Tensor]:
    """Rows, columns and factors of the samples of some pictures, each (B, places, deform_groups, taps)."""
    taps = shape.kernel[0] * shape.kernel[1]
    shift = widen(offset).view(len(offset), shape.deform_groups, taps, 2, *offset.shape[2:])
    ys, xs = (_grid(shape, axis, shift) + shift[:, :, :, axis] for axis in (0, 1))
    scales = torch.ones_like(ys) if mask is None else widen(mask[part]).view_as(ys)
    return tuple(x.flatten(3).permute(0, 3, 1, 2).contiguous() for x in (ys, xs, scales))


def _grid(shape: Geometry, axis: int, shift: Tensor) -> Tensor:
    """(taps, H' or 1, W' or 1): where the taps of each output lie along one axis before they are shifted."""
    size, count = shape.kernel[axis], shift.size(4 + axis)
    arange = torch.arange(max(size, count), device=shift.device, dtype=shift.dtype)
    starts = arange[:count] * shape.stride[axis] - shape.padding[axis]
    steps = arange[:size] * shape.dilation[axis]
    if axis == 0:
        return steps.repeat_interleave(shape.kernel[1])[:, None, None] + starts[:, None]
    return steps.repeat(shape.kernel[0])[:, None, None] + starts
