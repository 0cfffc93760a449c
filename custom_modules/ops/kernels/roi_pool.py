"""RoIPool on the CPU."""

from typing import TYPE_CHECKING

from torch import Tensor

from custom_modules.utils.jit import kernel, split

if TYPE_CHECKING:
    from ..roi_pool import Bins


def largest(maps: Tensor, image: Tensor, down: 'Bins', across: 'Bins', output: Tensor, argmax: Tensor) -> None:
    """Find the largest cell of each bin, the first in reading order among equals.

    Args:
        maps: (B, C, H, W).
        image: (N,) int64, number of each region's map.
        down: Rows of the bins.
        across: Columns of the bins.
        output: (N, C, PH, PW), written; 0 in an empty bin.
        argmax: (N, C, PH, PW) int32, written: y * W + x, -1 in an empty bin.
    """
    arrays = [x.numpy() for x in (maps, image, *down, *across, output, argmax)]
    split(lambda begin, end: _largest(*arrays, begin, end), len(output), cost=16 * output.numel())


def largest_backward(grad: Tensor, image: Tensor, argmax: Tensor, target: Tensor) -> None:
    """Add the gradient of each bin to its largest cell; threads work on different channels.

    Args:
        grad: (N, C, PH, PW).
        image: (N,) int64, number of each region's map.
        argmax: As `largest` wrote it.
        target: (B, C, H, W), added to.
    """
    arrays = [x.numpy() for x in (grad.flatten(2), image, argmax.flatten(2), target.view(*target.shape[:2], -1))]
    split(lambda begin, end: _largest_backward(*arrays, begin, end), grad.size(1), cost=grad.numel())


@kernel
def _largest(maps, image, top, bottom, left, right, output, argmax, begin, end):
    """Arguments are those of `largest` and the range of regions."""
    _, channels, _, width = maps.shape
    bins_y, bins_x = output.shape[2:]
    for n in range(begin, end):
        for c in range(channels):
            plane = maps[image[n], c]
            for p in range(bins_y):
                for q in range(bins_x):
                    best, where = maps.dtype.type(0), -1
                    for y in range(top[n, p], bottom[n, p]):
                        for x in range(left[n, q], right[n, q]):
                            if where < 0 or plane[y, x] > best:
                                best, where = plane[y, x], y * width + x
                    output[n, c, p, q], argmax[n, c, p, q] = best, where


@kernel
def _largest_backward(grad, image, argmax, target, begin, end):
    """Bins and cells are flat: (N, C, PH * PW) and (B, C, H * W); channels ``begin`` to ``end``."""
    for n in range(len(image)):
        for c in range(begin, end):
            for i in range(grad.shape[2]):
                if argmax[n, c, i] >= 0:
                    target[image[n], c, argmax[n, c, i]] += grad[n, c, i]
