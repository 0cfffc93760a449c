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
    first = bboxes1.T if aligned else bboxes1.T[..., None]
    second = bboxes2.T.contiguous()
    width, height = (
        (first[i + 2].minimum(second[i + 2]) - first[i].maximum(second[i])).add_(offset).clamp_(min=0) for i in (0, 1)
    )
    overlap = width.mul_(height)
    whole = _area(first, offset)
    if mode == 0:
        whole = (whole + _area(second, offset)).sub_(overlap)
    ious.copy_(overlap.div_(whole))


def _area(columns: Tensor, offset: int) -> Tensor:
    return (columns[2] - columns[0] + offset) * (columns[3] - columns[1] + offset)
