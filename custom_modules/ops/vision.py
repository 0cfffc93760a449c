"""The operators that torchvision has too, in the calling convention of ``mmcv._ext``.

Only those with the same meaning: torchvision's RoIPool rounds its regions, its
RoIAlign has no maximum mode, its nms no offset.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from .deform_conv_calls import Convolution, DeformConvOperators, Gradients
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
    output.copy_(_roi_align(torch.ops.torchvision.roi_align, input, rois, output.shape[2:], options))


def roi_align_backward(
    grad_output: Tensor, rois: Tensor, argmax_y: Tensor, argmax_x: Tensor, grad_input: Tensor, **options: float
) -> None:
    """As `custom_modules.ops.roi_align.roi_align_backward`."""
    backward, sizes = torch.ops.torchvision._roi_align_backward, (*grad_output.shape[2:], *grad_input.shape)
    grad_input.copy_(_roi_align(backward, grad_output, rois, sizes, options))


def _roi_align(operator: Any, maps: Tensor, rois: Tensor, sizes: tuple[int, ...], options: dict[str, float]) -> Tensor:
    maps = widen(maps)
    rois = rois.to(maps.dtype)
    return operator(maps, rois, options['spatial_scale'], *sizes, options['sampling_ratio'], options['aligned'])


def _convolve(call: Convolution, output: Tensor) -> None:
    output.copy_(torch.ops.torchvision.deform_conv2d(*_arguments(call)))


def _differentiate(call: Convolution, grad_output: Tensor, grads: Gradients) -> None:
    found = torch.ops.torchvision._deform_conv2d_backward(widen(grad_output), *_arguments(call))
    to_input, to_weight, to_offset, to_mask, to_bias = found
    for target, grad in ((grads.input, to_input), (grads.offset, to_offset), (grads.mask, to_mask)):
        if target is not None:
            target.copy_(grad)
    for target, grad, scale in ((grads.weight, to_weight, grads.weight_scale), (grads.bias, to_bias, 1)):
        if target is not None:
            target.add_(grad.to(target.dtype), alpha=scale)


def _arguments(call: Convolution) -> tuple:
    """The arguments of torchvision's deformable convolution."""
    shape, input = call.shape, widen(call.input)
    return (
        input,
        widen(call.weight),
        widen(call.offset),
        input.new_zeros(len(input), 0) if call.mask is None else widen(call.mask),
        input.new_zeros(len(call.weight)) if call.bias is None else widen(call.bias),
        *shape.stride,
        *shape.padding,
        *shape.dilation,
        shape.groups,
        shape.deform_groups,
        call.mask is not None,
    )


_OPERATORS = DeformConvOperators(_convolve, _differentiate)
deform_conv_forward = _OPERATORS.deform_conv_forward
deform_conv_backward_input = _OPERATORS.deform_conv_backward_input
deform_conv_backward_parameters = _OPERATORS.deform_conv_backward_parameters
modulated_deform_conv_forward = _OPERATORS.modulated_deform_conv_forward
modulated_deform_conv_backward = _OPERATORS.modulated_deform_conv_backward
