"""The one place in mmcv that goes round its own operators."""

import functools
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .selection import forced


def route_attention() -> None:
    """Let mmcv's deformable attention use our operator where it would not.

    ``MultiScaleDeformableAttention`` calls the operator on GPUs only, and not
    in bfloat16; elsewhere it samples with ``grid_sample``, which takes 2 to 4
    times as long on a CPU and wants value and places in one precision.  Call
    this after ``mmcv.ops`` can be imported; a second call does nothing.
    """
    from mmcv.ops import multi_scale_deform_attn as module

    fallback = module.multi_scale_deformable_attn_pytorch
    if not hasattr(fallback, '__wrapped__'):
        operator = module.MultiScaleDeformableAttnFunction.apply
        module.multi_scale_deformable_attn_pytorch = _routed(fallback, operator)


def _routed(fallback: Callable[..., Tensor], operator: Callable[..., Tensor]) -> Callable[..., Tensor]:
    @functools.wraps(fallback)
    def attend(
        value: Tensor,
        value_spatial_shapes: Tensor | Sequence[tuple[int, int]],
        sampling_locations: Tensor,
        attention_weights: Tensor,
    ) -> Tensor:
        if forced() == 'compiled':  # which has no such operator for the CPU
            return fallback(value, value_spatial_shapes, sampling_locations, attention_weights)
        shapes = torch.as_tensor(value_spatial_shapes, device=value.device)
        sizes = shapes.prod(1)
        return operator(value, shapes, sizes.cumsum(0) - sizes, sampling_locations, attention_weights, len(value))

    return attend
