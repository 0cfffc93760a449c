"""Greedy, soft and grouping non-maximum suppression.

Greedy: keep the best box, drop every other one whose IoU with it exceeds the
threshold, repeat.  Soft: Bodla et al., Soft-NMS -- Improving Object Detection
With One Line of Code (ICCV 2017), equations 1 to 3.
"""

import numpy as np
import torch
from torch import Tensor

from .selection import runs_kernels

# Boxes compared at once where there is no kernel for the device.
_BLOCK = 1024


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int) -> Tensor:
    """Find the boxes that no better, kept box overlaps by more than the threshold.

    Args:
        boxes: (N, 4), xyxy, pixels.
        scores: (N,); torch's sort decides among equal ones, as in the compiled operator.
        iou_threshold: In [0, 1]; an equal overlap is kept.
        offset: 0, or 1 where the right and lower edge belong to the box.

    Returns:
        (K,) int64, positions of the kept boxes, best score first.
    """
    order, boxes, areas = _best_first(boxes, scores, offset)
    if runs_kernels(boxes):
        owner = _suppress(boxes, areas, iou_threshold, offset, strict=True)
        return order[owner == torch.arange(len(order))]
    return order[_suppress_blocks(boxes, areas, iou_threshold, offset)]


def softnms(
    boxes: Tensor,
    scores: Tensor,
    dets: Tensor,
    iou_threshold: float,
    sigma: float,
    min_score: float,
    method: int,
    offset: int,
) -> Tensor:
    """Lower the score of each box by its overlap with better ones, and sort.

    Args:
        boxes: (N, 4), xyxy, pixels, on the CPU.
        scores: (N,).
        dets: (N, 5), output: the first K rows get the boxes and new scores.
        iou_threshold: Overlap from which methods 0 and 1 act.
        sigma: Width of the Gaussian.
        min_score: Boxes whose score falls below it are discarded.
        method: 0 drops, 1 multiplies by ``1 - IoU``, 2 by ``exp(-IoU^2 / sigma)``.
        offset: 0, or 1 where the right and lower edge belong to the box.

    Returns:
        (K,) int64, positions of the kept boxes, best score first.
    """
    from .kernels.nms import soft_suppress

    columns, areas = _columns(boxes, offset)
    real = columns.numpy().dtype.type
    index, rows = np.arange(len(boxes)), np.empty((len(boxes), 5), real)
    kept = soft_suppress(
        columns.numpy().copy(),
        scores.to(columns.dtype).numpy().copy(),
        areas.numpy().copy(),
        index,
        rows,
        real(iou_threshold),
        real(sigma),
        real(min_score),
        method,
        real(offset),
    )
    dets.copy_(torch.from_numpy(rows))
    return torch.from_numpy(index[:kept])


def nms_match(dets: Tensor, iou_threshold: float) -> list[list[int]]:
    """Group every box with the kept box that suppresses it.

    Args:
        dets: (N, 5), xyxy in pixels and score, on the CPU.
        iou_threshold: Overlap from which a box joins a group.

    Returns:
        One list of positions per kept box, itself first, then the others by
        falling score; groups by falling score of their first box.
    """
    order, boxes, areas = _best_first(dets[:, :4], dets[:, 4], 0)
    owner = _suppress(boxes, areas, iou_threshold, 0, strict=False).tolist()
    groups: dict[int, list[int]] = {}
    for position, number in zip(owner, order.tolist(), strict=True):
        groups.setdefault(position, []).append(number)
    return list(groups.values())


def _columns(boxes: Tensor, offset: int) -> tuple[Tensor, Tensor]:
    """(N, 4) boxes as (4, N) rows in single precision or better, and their areas."""
    boxes = boxes.detach()
    columns = boxes.to(torch.promote_types(boxes.dtype, torch.float32)).T.contiguous()
    x1, y1, x2, y2 = columns
    return columns, (x2 - x1 + offset) * (y2 - y1 + offset)


def _best_first(boxes: Tensor, scores: Tensor, offset: int) -> tuple[Tensor, Tensor, Tensor]:
    # Not the stable sort: the compiled operator leaves ties to torch, and so must we to keep the same boxes.
    order = scores.detach().sort(dim=0, descending=True).indices
    columns, areas = _columns(boxes[order], offset)
    return order, columns, areas


def _suppress(columns: Tensor, areas: Tensor, iou_thr: float, offset: int, *, strict: bool) -> Tensor:
    from .kernels.nms import suppress

    real = areas.numpy().dtype.type
    owner = torch.full((len(areas),), -1)
    suppress(columns.numpy(), areas.numpy(), real(iou_thr), real(offset), strict, owner.numpy())
    return owner


def _suppress_blocks(columns: Tensor, areas: Tensor, iou_thr: float, offset: int) -> Tensor:
    """Greedy suppression in tensor operations, a block of boxes at a time.

    Inside a block the greedy result is the fixed point of "kept unless a kept
    better box overlaps", reached from the best box on, one chain link a round.
    """
    keep = torch.ones_like(areas, dtype=torch.bool)
    for start in range(0, len(areas), _BLOCK):
        block = slice(start, start + _BLOCK)
        hits = _overlaps(columns, areas, block, offset) > np.float32(iou_thr).item()
        inner = hits[:, :_BLOCK].triu(1)
        candidates, last = keep[block].clone(), None
        while last is None or not torch.equal(keep[block], last):
            last = keep[block].clone()
            keep[block] = candidates & ~(inner & last[:, None]).any(0)
        keep[start + _BLOCK :] &= ~(hits[:, _BLOCK:] & keep[block][:, None]).any(0)
    return keep


def _overlaps(columns: Tensor, areas: Tensor, block: slice, offset: int) -> Tensor:
    """IoU of a block of boxes with themselves and all later ones."""
    first, rest = columns[:, block, None], columns[:, None, block.start :]
    size = (torch.minimum(first[2:], rest[2:]) - torch.maximum(first[:2], rest[:2]) + offset).clamp(min=0)
    overlap = size[0] * size[1]
    return overlap / (areas[block, None] + areas[None, block.start :] - overlap)
