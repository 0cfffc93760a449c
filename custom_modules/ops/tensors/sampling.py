"""Bilinear sampling at arbitrary places in tensor operations.

Interface and meaning are those of `custom_modules.ops.kernels.sampling`.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from .scatter import add_rows


def sample(cells: Tensor, ys: Tensor, xs: Tensor, scales: Tensor) -> Tensor:
    """Read a map at places that are given per group of channels.

    Args:
        cells: (H, W, C).
        ys: (P, G, K), row of each place; group g holds the g-th C / G channels.
        xs: (P, G, K), column.
        scales: (P, G, K), factor of each sample.

    Returns:
        (P, K, C) samples.
    """
    rows = cells.view(-1, cells.size(2) // ys.size(1))
    total = 0
    for index, weight, _, _ in _corners(cells.shape, ys, xs):
        total = total + rows[index] * (scales * weight)[..., None]
    return total.transpose(1, 2).flatten(2)


def sample_backward(
    cells: Tensor, ys: Tensor, xs: Tensor, scales: Tensor, grad: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Gradients of `sample`.

    Args:
        cells: As in `sample`, like the next three.
        ys: As in `sample`.
        xs: As in `sample`.
        scales: As in `sample`.
        grad: (P, K, C), gradient of the samples.

    Returns:
        Gradients of ``cells``, ``ys``, ``xs`` and ``scales``.
    """
    share = cells.size(2) // ys.size(1)
    rows, grad = cells.view(-1, share), grad.unflatten(2, (-1, share)).transpose(1, 2)
    grad_cells = torch.zeros_like(rows)
    grad_ys, grad_xs, grad_scales = (torch.zeros_like(x) for x in (ys, xs, scales))
    for index, weight, slope_y, slope_x in _corners(cells.shape, ys, xs):
        product = (rows[index] * grad).sum(-1)
        grad_ys += product * slope_y * scales
        grad_xs += product * slope_x * scales
        grad_scales += product * weight
        add_rows(grad_cells, index.flatten(), (grad * (scales * weight)[..., None]).reshape(-1, share))
    return grad_cells.view_as(cells), grad_ys, grad_xs, grad_scales


def _corners(shape: torch.Size, ys: Tensor, xs: Tensor) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
    """Each of the four cells around the places: its row in (H * W * G, C / G) memory, weight, and slopes of it."""
    height, width, _ = shape
    groups = ys.size(1)
    low_y, low_x = ys.floor(), xs.floor()
    group = torch.arange(groups, device=ys.device)[:, None]
    inside = (ys > -1) & (xs > -1) & (ys < height) & (xs < width)
    for y, row, row_slope in ((low_y, 1 - (ys - low_y), -1), (low_y + 1, ys - low_y, 1)):
        for x, column, column_slope in ((low_x, 1 - (xs - low_x), -1), (low_x + 1, xs - low_x, 1)):
            valid = inside & (y >= 0) & (x >= 0) & (y < height) & (x < width)
            index = (torch.where(valid, y * width + x, 0)).long() * groups + group
            yield (
                index,
                torch.where(valid, row * column, 0),
                torch.where(valid, row_slope * column, 0),
                torch.where(valid, row * column_slope, 0),
            )
