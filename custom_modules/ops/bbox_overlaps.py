"""Overlap of two sets of boxes."""

from torch import Tensor

from . import selection
from .precision import filled, widen


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
    first, second = (widen(boxes.detach()).T.contiguous() for boxes in (bboxes1, bboxes2))
    if selection.runs_kernels(first) and not aligned:
        from .kernels.bbox_overlaps import all_pairs

        other_areas = _area(second, offset) if mode == 0 else second.new_empty(0)
        with filled(ious, first.dtype) as output:
            all_pairs(first, second, _area(first, offset), other_areas, offset, output)
        return
    if not aligned:
        first = first[..., None]
    width, height = (
        (first[i + 2].minimum(second[i + 2]) - first[i].maximum(second[i]) + offset).clamp(min=0) for i in (0, 1)
    )
    overlap, whole = width * height, _area(first, offset)
    ious.copy_(overlap / (whole + _area(second, offset) - overlap if mode == 0 else whole))


def _area(columns: Tensor, offset: int) -> Tensor:
    return (columns[2] - columns[0] + offset) * (columns[3] - columns[1] + offset)
