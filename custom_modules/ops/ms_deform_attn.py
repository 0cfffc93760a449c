"""Multi-scale deformable attention.

Zhu et al., Deformable DETR (ICLR 2021), equation 3: each query and head adds
up values read at a few places of every feature level, weighted by attention.
Heads are groups of channels with places of their own, as in a deformable
convolution.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from .precision import widen
from .selection import implementation


def ms_deform_attn_forward(
    value: Tensor,
    value_spatial_shapes: Tensor,
    value_level_start_index: Tensor,
    sampling_locations: Tensor,
    attention_weights: Tensor,
    im2col_step: int,
) -> Tensor:
    """Attend to sampled values.

    Args:
        value: (B, S, heads, D), the cells of all levels one after another.
        value_spatial_shapes: (levels, 2), height and width of each level.
        value_level_start_index: (levels,), where each level starts in S.
        sampling_locations: (B, Q, heads, levels, points, 2), x and y in [0, 1] of the level.
        attention_weights: (B, Q, heads, levels, points).
        im2col_step: Not used: pictures are worked on one by one.

    Returns:
        (B, Q, heads * D).
    """
    batch, _, heads, size = value.shape
    queries = sampling_locations.size(1)
    output = value.new_zeros(batch, queries, heads * size)
    for index in range(batch):
        total = widen(output[index]).clone()
        for level, cells in _levels(value[index], value_spatial_shapes, value_level_start_index):
            places = _places(sampling_locations[index], attention_weights[index], level, cells)
            total += implementation('sampling', cells).sample(cells, *places)[0].sum(1)
        output[index] = total
    return output


def ms_deform_attn_backward(
    value: Tensor,
    value_spatial_shapes: Tensor,
    value_level_start_index: Tensor,
    sampling_locations: Tensor,
    attention_weights: Tensor,
    grad_output: Tensor,
    grad_value: Tensor,
    grad_sampling_loc: Tensor,
    grad_attn_weight: Tensor,
    im2col_step: int,
) -> None:
    """Gradients of `ms_deform_attn_forward`, whose first arguments these are.

    Args:
        value: As in `ms_deform_attn_forward`, like all that is not named here.
        grad_output: (B, Q, heads * D).
        grad_value: Like ``value``, written.
        grad_sampling_loc: Like ``sampling_locations``, written.
        grad_attn_weight: Like ``attention_weights``, written.
    """
    points = sampling_locations.size(4)
    for index in range(len(value)):
        grad = widen(grad_output[index])[None, :, None].expand(-1, -1, points, -1).contiguous()
        for level, cells in _levels(value[index], value_spatial_shapes, value_level_start_index):
            places = _places(sampling_locations[index], attention_weights[index], level, cells)
            grads = implementation('sampling', cells).sample_backward(cells, *places, grad)
            to_cells, to_y, to_x, to_scale = (x[0] for x in grads)
            start, count = int(value_level_start_index[level]), to_cells.size(0) * to_cells.size(1)
            grad_value[index, start : start + count] = to_cells.view(count, *value.shape[2:])
            slopes = torch.stack([to_x * cells.size(2), to_y * cells.size(1)], -1)
            grad_sampling_loc[index, :, :, level] = slopes
            grad_attn_weight[index, :, :, level] = to_scale


def _levels(value: Tensor, shapes: Tensor, starts: Tensor) -> Iterator[tuple[int, Tensor]]:
    """The feature levels of a picture's (S, heads, D) values, each (1, H, W, heads * D)."""
    for level, ((height, width), start) in enumerate(zip(shapes.tolist(), starts.tolist(), strict=True)):
        cells = widen(value[start : start + height * width]).reshape(1, height, width, -1)
        yield level, cells.contiguous()


def _places(locations: Tensor, weights: Tensor, level: int, cells: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Rows, columns and factors of the samples of one level, each (1, Q, heads, points)."""
    locations = locations[None, :, :, level].to(cells.dtype)
    ys, xs = locations[..., 1] * cells.size(1) - 0.5, locations[..., 0] * cells.size(2) - 0.5
    return ys.contiguous(), xs.contiguous(), weights[None, :, :, level].to(cells.dtype).contiguous()
