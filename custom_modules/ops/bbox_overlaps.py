"""Overlap of two sets of boxes."""

from torch import Tensor


def bbox_overlaps(bboxes1: Tensor, bboxes2: Tensor, ious: Tensor, mode: int, aligned: bool, offset: int) -> None:
    """Write the overlap of each pair of boxes into ``ious``.

    Args:
        bboxes1: (M, 4), xyxy, pixels.
        bboxes2: (N, 4), xyxy, pixels.
        ious: (M, N), or (M,) if ``aligned``; output.
        mode: 0 intersection over union, 1 intersection over the first box.
        aligned: Whether to pair the i-th boxes (then M = N) instead of all with all.
        offset: 0, or 1 where the right and lower edge belong to the box.
    """
    first = bboxes1 if aligned else bboxes1[:, None]
    corner = first[..., :2].maximum(bboxes2[:, :2])
    size = (first[..., 2:].minimum(bboxes2[:, 2:]) - corner + offset).clamp(min=0)
    overlap = size[..., 0] * size[..., 1]
    whole = _area(first, offset)
    if mode == 0:
        whole = whole + _area(bboxes2, offset) - overlap
    ious.copy_(overlap / whole)


def _area(boxes: Tensor, offset: int) -> Tensor:
    return (boxes[..., 2] - boxes[..., 0] + offset) * (boxes[..., 3] - boxes[..., 1] + offset)
