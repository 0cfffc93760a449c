"""Deformable convolution, with (v2) and without (v1) modulation.

Dai et al., Deformable Convolutional Networks (ICCV 2017), equations 2 to 4;
Zhu et al., Deformable ConvNets v2 (CVPR 2019), equation 1.  Every tap of the
kernel reads the map at a place of its own; the rest is a matrix product.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from .deform_conv_calls import Convolution, DeformConvOperators, Geometry, Gradients
from .precision import widen
from .selection import implementation

# Samples held at a time.
_CHUNK = 1 << 24


def convolve(call: Convolution, output: Tensor) -> None:
    """Convolve.

    Args:
        call: The convolution.
        output: (B, O, H', W'), written.

    Raises:
        ValueError: The offsets are of another size.
    """
    _check(call, output)
    matrix = _matrix(call)
    for part in _parts(call):
        result = (matrix @ _columns(call, part).mT).view(output[part].shape)
        output[part] = result if call.bias is None else result.add_(widen(call.bias)[:, None, None])


def differentiate(call: Convolution, grad_output: Tensor, grads: Gradients) -> None:
    """Compute gradients.

    Args:
        call: The convolution.
        grad_output: (B, O, H', W').
        grads: Where they go.
    """
    if grads.input is not None:
        _differentiate_samples(call, grad_output, grads)
    if grads.weight is not None:
        _differentiate_weight(call, grad_output, grads.weight, grads.weight_scale)
    if grads.bias is not None:
        grads.bias.add_(widen(grad_output).sum((0, 2, 3)).to(grads.bias.dtype))


_OPERATORS = DeformConvOperators(convolve, differentiate)
deform_conv_forward = _OPERATORS.deform_conv_forward
deform_conv_backward_input = _OPERATORS.deform_conv_backward_input
deform_conv_backward_parameters = _OPERATORS.deform_conv_backward_parameters
modulated_deform_conv_forward = _OPERATORS.modulated_deform_conv_forward
modulated_deform_conv_backward = _OPERATORS.modulated_deform_conv_backward


def _differentiate_samples(call: Convolution, grad_output: Tensor, grads: Gradients) -> None:
    """Gradients of what is sampled and of where: input, offset and mask."""
    matrix = _matrix(call)
    for part in _parts(call):
        cells = _cells(call.input[part])
        grad = widen(grad_output[part]).reshape(len(cells), *matrix.shape[:2], -1)
        # (B, groups, places, taps * channels) as (B, places, taps, groups * channels), the order of the samples.
        columns = (grad.mT @ matrix).unflatten(3, (_taps(call.shape), -1)).permute(0, 2, 3, 1, 4).flatten(3)
        back = implementation('sampling', cells).sample_backward
        to_cells, to_y, to_x, to_scale = back(cells, *_places(call, part), columns.contiguous())
        grads.input[part] = to_cells.permute(0, 3, 1, 2)
        grads.offset[part] = torch.stack([to_y, to_x], -1).flatten(2).mT.reshape(grads.offset[part].shape)
        if grads.mask is not None:
            grads.mask[part] = to_scale.flatten(2).mT.reshape(grads.mask[part].shape)


def _differentiate_weight(call: Convolution, grad_output: Tensor, target: Tensor, scale: float) -> None:
    outputs, channels, taps = target.flatten(2).shape
    for part in _parts(call):
        columns = _columns(call, part)
        grad = widen(grad_output[part]).reshape(len(columns), call.shape.groups, outputs // call.shape.groups, -1)
        change = (grad @ columns).sum(0).view(outputs, taps, channels).transpose(1, 2)
        target.add_(change.reshape(target.shape).to(target.dtype), alpha=scale)


def _taps(shape: Geometry) -> int:
    return shape.kernel[0] * shape.kernel[1]


def _parts(call: Convolution) -> Iterator[slice]:
    """Groups of pictures that are small enough to work on at once."""
    input, offset = call.input, call.offset
    cost = input.size(1) * _taps(call.shape) * offset[0, 0].numel() if len(input) else 1
    step = max(1, _CHUNK // cost)
    return (slice(start, start + step) for start in range(0, len(input), step))


def _check(call: Convolution, output: Tensor) -> None:
    expected = (len(output), 2 * call.shape.deform_groups * _taps(call.shape), *output.shape[2:])
    if tuple(call.offset.shape) != expected:
        raise ValueError(f'deformable convolution: offset of shape {tuple(call.offset.shape)} should be {expected}')


def _cells(maps: Tensor) -> Tensor:
    """(B, C, H, W) maps as (B, H, W, C) in single precision or better."""
    return widen(maps).permute(0, 2, 3, 1).contiguous()


def _matrix(call: Convolution) -> Tensor:
    """The (O, C / groups, kH, kW) kernel as (groups, O / groups, kH * kW * C / groups)."""
    weight, groups = widen(call.weight), call.shape.groups
    return weight.flatten(2).transpose(1, 2).reshape(groups, len(weight) // groups, -1)


def _columns(call: Convolution, part: slice) -> Tensor:
    """The samples of some pictures under all taps, (B, groups, places, taps * C / groups)."""
    cells = _cells(call.input[part])
    samples = implementation('sampling', cells).sample(cells, *_places(call, part))
    return samples.unflatten(3, (call.shape.groups, -1)).permute(0, 3, 1, 2, 4).flatten(3)


def _places(call: Convolution, part: slice) -> tuple[Tensor, Tensor, Tensor]:
    """Rows, columns and factors of the samples of some pictures, each (B, places, deform_groups, taps)."""
    offset, shape = call.offset[part], call.shape
    shift = widen(offset).view(len(offset), shape.deform_groups, _taps(shape), 2, *offset.shape[2:])
    ys, xs = (_grid(shape, axis, shift) + shift[:, :, :, axis] for axis in (0, 1))
    scales = torch.ones_like(ys) if call.mask is None else widen(call.mask[part]).view_as(ys)
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
