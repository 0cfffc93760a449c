"""What the box losses measure about pairs of boxes: overlaps, distances, shapes.

All of it works row by row on ``boxes_xyxy`` of shape (N, 4), in pixels, and has a finite gradient for any boxes,
also where a box has no area.
"""

import math

import torch
from torch import Tensor

BASES = ('iou', 'diou', 'ciou')


def sides(boxes_xyxy: Tensor) -> Tensor:
    """Width and height of boxes.

    Args:
        boxes_xyxy: (N, 4), pixels.

    Returns:
        (N, 2), not below 0: a box whose corners are in the wrong order is empty.
    """
    return (boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]).clamp(min=0)


def area(boxes_xyxy: Tensor) -> Tensor:
    """Areas (N,) of boxes (N, 4), square pixels; 0 for corners in the wrong order."""
    width, height = sides(boxes_xyxy).unbind(dim=1)
    return width * height


def centers(boxes_xyxy: Tensor) -> Tensor:
    """Centers (N, 2) of boxes (N, 4), pixels."""
    return (boxes_xyxy[:, :2] + boxes_xyxy[:, 2:]) / 2


def iou(pred_xyxy: Tensor, target_xyxy: Tensor, *, eps: float = 1e-6) -> Tensor:
    """Intersection over union of each pair.

    Args:
        pred_xyxy: (N, 4), pixels.
        target_xyxy: (N, 4), pixels.
        eps: Pairs whose union is no larger, in square pixels, count as empty.

    Returns:
        (N,) in [0, 1]; 0 with a gradient of 0 for a pair of empty boxes.
    """
    top_left = torch.max(pred_xyxy[:, :2], target_xyxy[:, :2])
    bottom_right = torch.min(pred_xyxy[:, 2:], target_xyxy[:, 2:])
    overlap = area(torch.cat([top_left, bottom_right], dim=1))
    union = area(pred_xyxy) + area(target_xyxy) - overlap
    # Not the quotient by a floored union: its gradient by the width of two boxes without one would be h / eps.
    return torch.where(union > eps, overlap / union.clamp(min=eps), 0)


def enclosing_diagonal_squared(pred_xyxy: Tensor, target_xyxy: Tensor) -> Tensor:
    """Squared diagonal (N,) of the smallest box around each pair (N, 4), square pixels."""
    top_left = torch.min(pred_xyxy[:, :2], target_xyxy[:, :2])
    bottom_right = torch.max(pred_xyxy[:, 2:], target_xyxy[:, 2:])
    return (bottom_right - top_left).square().sum(dim=1)


def center_penalty(pred_xyxy: Tensor, target_xyxy: Tensor, *, eps: float = 1e-6) -> Tensor:
    """Squared distance of the centers by the squared diagonal of the enclosing box.

    Zheng et al., Distance-IoU Loss (AAAI 2020), equation 6.

    Args:
        pred_xyxy: (N, 4), pixels.
        target_xyxy: (N, 4), pixels.
        eps: Smallest squared diagonal, square pixels.

    Returns:
        (N,) in [0, 1].
    """
    distance = (centers(pred_xyxy) - centers(target_xyxy)).square().sum(dim=1)
    return distance / enclosing_diagonal_squared(pred_xyxy, target_xyxy).clamp(min=eps)


def aspect_penalty(pred_xyxy: Tensor, target_xyxy: Tensor, overlap: Tensor, *, eps: float = 1e-6) -> Tensor:
    """Difference of the aspect ratios, times a trade-off that counts as a constant in the gradient.

    Zheng et al., Distance-IoU Loss (AAAI 2020), equations 8, 9 and 11.

    Args:
        pred_xyxy: (N, 4), pixels.
        target_xyxy: (N, 4), pixels.
        overlap: (N,) intersection over union.
        eps: Smallest side, pixels, and smallest divisor of the trade-off.

    Returns:
        (N,) in [0, 1].
    """
    pred_angle, target_angle = (torch.atan(_aspect(boxes, eps)) for boxes in (pred_xyxy, target_xyxy))
    difference = 4 / math.pi**2 * (target_angle - pred_angle).square()
    with torch.no_grad():
        trade_off = difference / (1 - overlap + difference).clamp(min=eps)
    return trade_off * difference


def _aspect(boxes_xyxy: Tensor, eps: float) -> Tensor:
    width, height = sides(boxes_xyxy).clamp(min=eps).unbind(dim=1)
    return width / height


def penalties(base: str, pred_xyxy: Tensor, target_xyxy: Tensor, overlap: Tensor, *, eps: float = 1e-6) -> list[Tensor]:
    """What DIoU and CIoU add to ``1 - IoU``, term by term.

    Args:
        base: One of :data:`BASES`.
        pred_xyxy: (N, 4), pixels.
        target_xyxy: (N, 4), pixels.
        overlap: (N,) intersection over union.
        eps: See :func:`center_penalty` and :func:`aspect_penalty`.

    Returns:
        No, one or two terms of (N,).
    """
    terms = []
    if base in ('diou', 'ciou'):
        terms.append(center_penalty(pred_xyxy, target_xyxy, eps=eps))
    if base == 'ciou':
        terms.append(aspect_penalty(pred_xyxy, target_xyxy, overlap, eps=eps))
    return terms
