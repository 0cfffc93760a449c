"""Overlaps of all pairs of boxes on the CPU, without intermediate matrices."""

from torch import Tensor

from custom_modules.utils.jit import kernel, split


def all_pairs(first: Tensor, second: Tensor, areas: Tensor, other_areas: Tensor, offset: int, output: Tensor) -> None:
    """Divide the intersection of each pair of boxes by their union, or by the first area.

    Args:
        first: (4, M) rows x1, y1, x2, y2.
        second: (4, N), the same.
        areas: (M,), of the first.
        other_areas: (N,), of the second, or empty to divide by the first alone.
        offset: Added to every width and height.
        output: (M, N), written.
    """
    arrays = [x.numpy() for x in (first, second, areas, other_areas)]
    real = arrays[0].dtype.type
    target = output.numpy()
    split(
        lambda begin, end: _all_pairs(*arrays, real(offset), target, begin, end), len(areas), cost=10 * output.numel()
    )


@kernel
def _all_pairs(first, second, areas, other_areas, offset, output, begin, end):
    """Arguments are those of `all_pairs` and the range of first boxes."""
    x1, y1, x2, y2 = second[0], second[1], second[2], second[3]
    zero = offset - offset
    for m in range(begin, end):
        left, top, right, bottom, area = first[0, m], first[1, m], first[2, m], first[3, m], areas[m]
        for n in range(output.shape[1]):
            width = max(min(right, x2[n]) - max(left, x1[n]) + offset, zero)
            height = max(min(bottom, y2[n]) - max(top, y1[n]) + offset, zero)
            overlap = width * height
            whole = area + other_areas[n] - overlap if len(other_areas) else area
            output[m, n] = overlap / whole
