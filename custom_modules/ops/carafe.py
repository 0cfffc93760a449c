"""CARAFE: upsampling with a kernel of its own for every output cell.

Wang et al., CARAFE: Content-Aware ReAssembly of FEatures (ICCV 2019),
equation 4.  Each tap of the kernels is one multiplication of whole maps.
"""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from .precision import widen


def carafe_naive_forward(
    features: Tensor, masks: Tensor, output: Tensor, kernel_size: int, group_size: int, scale_factor: int
) -> None:
    """Upsample.

    Args:
        features: (B, C, H, W).
        masks: (B, group_size * kernel_size ** 2, H * s, W * s), kernels row by row.
        output: (B, C, H * s, W * s), written.
        kernel_size: Odd side of the kernels, in cells of ``features``.
        group_size: Groups of channels with kernels of their own.
        scale_factor: s.
    """
    total = 0
    for tap, window in _taps(features, masks, kernel_size, group_size, scale_factor):
        total = total + window * tap
    output.copy_(total.reshape(output.shape))


def carafe_naive_backward(
    top_grad: Tensor,
    features: Tensor,
    masks: Tensor,
    bottom_grad: Tensor,
    mask_grad: Tensor,
    kernel_size: int,
    group_size: int,
    scale_factor: int,
) -> None:
    """Gradients of `carafe_naive_forward`.

    Args:
        top_grad: Gradient of the output.
        features: As in `carafe_naive_forward`, like all that is not named here.
        bottom_grad: Like ``features``, written.
        mask_grad: Like ``masks``, written.
    """
    batch, channels, height, width = features.shape
    grad = widen(top_grad).reshape(batch, group_size, -1, height, scale_factor, width, scale_factor)
    margin = kernel_size // 2
    padded = grad.new_zeros(batch, channels, height + 2 * margin, width + 2 * margin)
    to_masks = []
    for number, (tap, window) in enumerate(_taps(features, masks, kernel_size, group_size, scale_factor)):
        to_masks.append((grad * window).sum(2))
        i, j = divmod(number, kernel_size)
        padded[:, :, i : i + height, j : j + width] += (grad * tap).sum((4, 6)).flatten(1, 2)
    bottom_grad.copy_(padded[:, :, margin : margin + height, margin : margin + width])
    mask_grad.copy_(torch.stack(to_masks, 2).reshape(masks.shape))


def carafe_forward(
    features: Tensor,
    masks: Tensor,
    rfeatures: Tensor,
    routput: Tensor,
    rmasks: Tensor,
    output: Tensor,
    kernel_size: int,
    group_size: int,
    scale_factor: int,
) -> None:
    """Upsample, keeping what `carafe_backward` needs.

    Args:
        features: As in `carafe_naive_forward`, like all that is not named here.
        rfeatures: Like ``features``, written: a copy of them.
        routput: Not used, like ``rmasks``.
    """
    rfeatures.copy_(features)
    carafe_naive_forward(features, masks, output, kernel_size, group_size, scale_factor)


def carafe_backward(
    top_grad: Tensor,
    rfeatures: Tensor,
    masks: Tensor,
    rtop_grad: Tensor,
    rbottom_grad_hs: Tensor,
    rbottom_grad: Tensor,
    rmask_grad: Tensor,
    bottom_grad: Tensor,
    mask_grad: Tensor,
    kernel_size: int,
    group_size: int,
    scale_factor: int,
) -> None:
    """Gradients of `carafe_forward`.

    Args:
        top_grad: Gradient of the output.
        rfeatures: As `carafe_forward` wrote it.
        masks: As in `carafe_forward`.
        rtop_grad: Not used, like the next three.
        bottom_grad: Like the features, written.
        mask_grad: Like ``masks``, written.
        kernel_size: As in `carafe_forward`, like all that follow.
    """
    carafe_naive_backward(top_grad, rfeatures, masks, bottom_grad, mask_grad, kernel_size, group_size, scale_factor)


def _taps(
    features: Tensor, masks: Tensor, kernel_size: int, groups: int, scale: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Each tap of all kernels, (B, G, 1, H, s, W, s), with the cells under it, (B, G, C / G, H, 1, W, 1)."""
    batch, channels, height, width = features.shape
    padded = F.pad(widen(features), [kernel_size // 2] * 4)
    kernels = widen(masks).reshape(batch, groups, kernel_size**2, height, scale, width, scale)
    for number in range(kernel_size**2):
        i, j = divmod(number, kernel_size)
        window = padded[:, :, i : i + height, j : j + width].reshape(
            batch, groups, channels // groups, height, 1, width, 1
        )
        yield kernels[:, :, number, None], window
