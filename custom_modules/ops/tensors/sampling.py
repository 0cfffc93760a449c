"""Bilinear sampling at arbitrary places in tensor operations.

Interface and meaning are those of `custom_modules.ops.kernels.sampling`.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from .scatter import add_rows


def sample(cells: Tensor, ys: Tensor, xs: Tensor, scales: Tensor) -> Tensor:
    """Read maps at places that are given per group of channels.

    Args:
        cells: (B, H, W, C).
        ys: (B, P, G, K), row of each place; group g holds the g-th C / G channels.
        xs: (B, P, G, K), column.
        scales: (B, P, G, K), factor of each sample.

    Returns:
        (B, P, K, C) samples.
    """
    rows = cells.view(-1, cells.size(3) // ys.size(2))
    total = 0
    for index, weight, _, _ in _corners(cells.shape, ys, xs):
        total = total + rows[index] * (scales * weight)[..., None]
    return total.transpose(2, 3).flatten(3)


def sample_backward(
    cells: Tensor, ys: Tensor, xs: Tensor, scales: Tensor, grad: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Gradients of `sample`.

    Args:
        cells: As in `sample`, like the next three.
        ys: As in `sample`.
        xs: As in `sample`.
        scales: As in `sample`.
        grad: (B, P, K, C), gradient of the samples.

    Returns:
        Gradients of ``cells``, ``ys``, ``xs`` and ``scales``.
    """
    share = cells.size(3) // ys.size(2)
    rows, grad = cells.view(-1, share), grad.unflatten(3, (-1, share)).transpose(2, 3)
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
    """Each of the four cells around the places: its row in (B * H * W * G, C / G) memory, weight, and slopes of it."""
    _, height, width, _ = shape
    batch, _, groups, _ = ys.shape
    low_y, low_x = ys.floor(), xs.floor()
    image = torch.arange(batch, device=ys.device)[:, None, None, None] * height * width
    group = torch.arange(groups, device=ys.device)[:, None]
    inside = (ys > -1) & (xs > -1) & (ys < height) & (xs < width)
    for y, row, row_slope in ((low_y, 1 - (ys - low_y), -1), (low_y + 1, ys - low_y, 1)):
        for x, column, column_slope in ((low_x, 1 - (xs - low_x), -1), (low_x + 1, xs - low_x, 1)):
            valid = inside & (y >= 0) & (x >= 0) & (y < height) & (x < width)
            cell = torch.where(valid, y, 0).long() * width + torch.where(valid, x, 0).long()
            yield (
                (image + cell) * groups + group,
                torch.where(valid, row * column, 0),
                torch.where(valid, row_slope * column, 0),
                torch.where(valid, row * column_slope, 0),
            )
