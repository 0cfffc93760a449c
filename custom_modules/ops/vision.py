"""The operators that torchvision has too, in the calling convention of ``mmcv._ext``.

Only those with the same meaning: torchvision's RoIPool rounds its regions, its
RoIAlign has no maximum mode, its nms no offset.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from .deform_conv import geometry
from .precision import widen


def covers(name: str, options: dict[str, Any]) -> bool:
    """Whether a call means the same to torchvision.

    Its backwards on a GPU use atomic additions, so that they are left out when
    torch is told to be deterministic.

    Args:
        name: The operator.
        options: Its arguments by name, which is how mmcv gives everything but tensors.
    """
    if name not in globals() or ('backward' in name and torch.are_deterministic_algorithms_enabled()):
        return False
    return options.get('offset', 0) == 0 and options.get('pool_mode', 1) == 1


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int) -> Tensor:
    """As `custom_modules.ops.nms.nms`."""
    # mmcv compares in single precision.
    return torch.ops.torchvision.nms(widen(boxes), widen(scores), float(np.float32(iou_threshold)))


def roi_align_forward(
    input: Tensor, rois: Tensor, output: Tensor, argmax_y: Tensor, argmax_x: Tensor, **options: float
) -> None:
    """As `custom_modules.ops.roi_align.roi_align_forward`."""
    maps = widen(input)
    output.copy_(
        torch.ops.torchvision.roi_align(
            maps,
            rois.to(maps.dtype),
            options['spatial_scale'],
            *output.shape[2:],
            options['sampling_ratio'],
            options['aligned'],
        )
    )


def roi_align_backward(
    grad_output: Tensor, rois: Tensor, argmax_y: Tensor, argmax_x: Tensor, grad_input: Tensor, **options: float
) -> None:
    """As `custom_modules.ops.roi_align.roi_align_backward`."""
    grad = widen(grad_output)
    grad_input.copy_(
        torch.ops.torchvision._roi_align_backward(
            grad,
            rois.to(grad.dtype),
            options['spatial_scale'],
            *grad.shape[2:],
            *grad_input.shape,
            options['sampling_ratio'],
            options['aligned'],
        )
    )


def deform_conv_forward(
    input: Tensor, weight: Tensor, offset: Tensor, output: Tensor, columns: Tensor, ones: Tensor, **options: int
) -> None:
    """As `custom_modules.ops.deform_conv.deform_conv_forward`."""
    output.copy_(torch.ops.torchvision.deform_conv2d(*_convolution(input, weight, offset, None, None, options)))


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
    """As `custom_modules.ops.deform_conv.deform_conv_backward_input`."""
    arguments = _convolution(input, weight, offset, None, None, options)
    to_input, _, to_offset, _, _ = torch.ops.torchvision._deform_conv2d_backward(widen(gradOutput), *arguments)
    gradInput.copy_(to_input), gradOffset.copy_(to_offset)


def deform_conv_backward_parameters(
    input: Tensor,
    offset: Tensor,
    gradOutput: Tensor,
    gradWeight: Tensor,
    columns: Tensor,
    ones: Tensor,
    **options: float,
) -> None:
    """As `custom_modules.ops.deform_conv.deform_conv_backward_parameters`."""
    arguments = _convolution(input, gradWeight, offset, None, None, options)
    _, to_weight, *_ = torch.ops.torchvision._deform_conv2d_backward(widen(gradOutput), *arguments)
    gradWeight.add_(to_weight.to(gradWeight.dtype), alpha=options['scale'])


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
    """As `custom_modules.ops.deform_conv.modulated_deform_conv_forward`."""
    bias = bias if options['with_bias'] else None
    output.copy_(torch.ops.torchvision.deform_conv2d(*_convolution(input, weight, offset, mask, bias, options)))


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
    """As `custom_modules.ops.deform_conv.modulated_deform_conv_backward`."""
    with_bias = options['with_bias']
    arguments = _convolution(input, weight, offset, mask, bias if with_bias else None, options)
    grads = torch.ops.torchvision._deform_conv2d_backward(widen(grad_output), *arguments)
    for target, grad in zip((grad_input, grad_weight, grad_offset, grad_mask), grads[:4], strict=True):
        target.copy_(grad)
    if with_bias:
        grad_bias.copy_(grads[4])


def _convolution(
    input: Tensor, weight: Tensor, offset: Tensor, mask: Tensor | None, bias: Tensor | None, options: dict[str, int]
) -> tuple:
    """The arguments of torchvision's deformable convolution."""
    shape = geometry(options)
    empty = widen(input.new_zeros(len(input), 0) if mask is None else mask)
    return (
        widen(input),
        widen(weight),
        widen(offset),
        empty,
        widen(input.new_zeros(len(weight)) if bias is None else bias),
        *shape.stride,
        *shape.padding,
        *shape.dilation,
        shape.groups,
        shape.deform_groups,
        mask is not None,
    )
