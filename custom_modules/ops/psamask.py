"""Point-wise spatial attention: every cell's own mask, laid over the map around it.

Zhao et al., PSANet (ECCV 2018), section 3.2.  A pure rearrangement: the value
for offset t - s at cell s moves to the pair of cells (s, t).
"""

import torch
from torch import Tensor

_COLLECT = 0


def psamask_forward(input: Tensor, output: Tensor, psa_type: int, **options: int) -> None:
    """Rearrange masks over offsets to masks over cells.

    Args:
        input: (B, h_mask * w_mask, H, W), a value per offset and cell s.
        output: (B, H * W, H, W), zero on entry, written: by target t and cell s
            where ``psa_type`` is 0 (collect), by s and t where it is 1 (distribute).
        psa_type: 0 collect, 1 distribute.
        **options: ``h_mask, w_mask, half_h_mask, half_w_mask``, the size of the
            masks and the position of offset 0; others are not used.
    """
    offset, source, target = _pairs(input, options)
    first, second = (target, source) if psa_type == _COLLECT else (source, target)
    output.flatten(2)[:, first, second] = input.flatten(2)[:, offset, source].to(output.dtype)


def psamask_backward(grad_output: Tensor, grad_input: Tensor, psa_type: int, **options: int) -> None:
    """Undo `psamask_forward`, whose options these are.

    Args:
        grad_output: (B, H * W, H, W).
        grad_input: (B, h_mask * w_mask, H, W), zero on entry, written.
        psa_type: 0 collect, 1 distribute.
        **options: As in `psamask_forward`.
    """
    offset, source, target = _pairs(grad_input, options)
    first, second = (target, source) if psa_type == _COLLECT else (source, target)
    grad_input.flatten(2)[:, offset, source] = grad_output.flatten(2)[:, first, second].to(grad_input.dtype)


def _pairs(masks: Tensor, options: dict[str, int]) -> tuple[Tensor, Tensor, Tensor]:
    """Number of the offset, the cell and the target of each value that stays on the map."""
    _, offsets, height, width = masks.shape
    offset, y, x = torch.meshgrid(
        *(torch.arange(n, device=masks.device) for n in (offsets, height, width)), indexing='ij'
    )
    to_y = y + offset // options['w_mask'] - options['half_h_mask']
    to_x = x + offset % options['w_mask'] - options['half_w_mask']
    inside = (to_y >= 0) & (to_y < height) & (to_x >= 0) & (to_x < width)
    return offset[inside], (y * width + x)[inside], (to_y * width + to_x)[inside]
