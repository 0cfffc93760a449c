"""Gaussian filtering of points in a few dimensions, in PyTorch operations on any device: the permutohedral lattice.

Adams, Baek and Davis, "Fast High-Dimensional Filtering Using the Permutohedral Lattice", Eurographics 2010.  Sums over
all pairs of points become four steps: each point gives its value to the corners of the simplex it lies in (splat), the
corners are blurred along each axis of the lattice, and each point takes its value back from the same corners (slice).
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import embedding_bag


class PermutohedralLattice:
    """The lattice of one set of points; made once, used for any number of filterings.

    As in the implementation that comes with fully connected CRFs (pydensecrf), a corner keeps its value when it is
    blurred and takes half of those of both neighbours, so that results lack a constant factor, which normalisation
    removes.  Where that one has a hash table, here corners are whole numbers, sorted once and found by bisection;
    sums run in the order of the pixels, which makes results the same from run to run and for any number of threads.

    Args:
        features: (d, N) float32, coordinates in units of the Gaussian's standard deviation; d is small.

    Attributes:
        num_points: N.
        num_corners: M, how many corners have a value.
    """

    def __init__(self, features: Tensor) -> None:
        dim, self.num_points = features.shape
        packed, weights, strides = _corners(_embed(features))
        # Grouped by corner, within each in the order of the pixels.
        ordered, order = packed.flatten().sort(stable=True)
        corners, group, counts = torch.unique_consecutive(ordered, return_inverse=True, return_counts=True)
        self.num_corners = len(corners)
        # 32 bits: half the memory at the same speed.
        corner_of = torch.empty_like(group, dtype=torch.int32).scatter_(0, order, group.int())
        self._corner_of = corner_of.reshape(dim + 1, -1).T.contiguous()  # (N, d + 1)
        self._slice_weights = weights.T.contiguous()
        self._point_of = (order % self.num_points).int()  # (N (d + 1),)
        self._splat_weights = weights.flatten()[order]
        self._starts = (counts.cumsum(0) - counts).int()  # (M,)
        self._neighbours = _neighbours(corners, strides)

    def scale(self, before: Tensor, after: Tensor) -> None:
        """Multiply values by factors of their points in every filtering from now on.

        Args:
            before: (N,), before they are filtered.
            after: (N,), after they were filtered.
        """
        self._splat_weights *= before[self._point_of]
        self._slice_weights *= after[:, None]

    def filter(self, values: Tensor) -> Tensor:
        """Sum the values of all points, weighted by the Gaussian of their distance and times a constant.

        Args:
            values: (N, C) float32.

        Returns:
            (N, C) float32.
        """
        # One row more, of zeros: the neighbour that is missing.
        at_corners = values.new_zeros(self.num_corners + 1, values.shape[1])
        at_corners[:-1] = embedding_bag(
            self._point_of, values, self._starts, mode='sum', per_sample_weights=self._splat_weights
        )
        for one, other in self._neighbours:
            at_corners[:-1] += at_corners[one].add_(at_corners[other]).mul_(0.5)
        return embedding_bag(self._corner_of, at_corners, mode='sum', per_sample_weights=self._slice_weights)


def _embed(features: Tensor) -> Tensor:
    """Map points into the plane of (d + 1) coordinates whose sum is 0 (section 3.1).

    Splatting and slicing blur, too; the scale is such that with them the standard deviation comes to be 1.  Factors are
    rounded where pydensecrf rounds them: on the border of two simplices the last digit decides which corners there are.

    Returns:
        (d + 1, N) float32.
    """
    dim = len(features)
    embedded, above = features.new_empty(dim + 1, features.shape[1]), torch.zeros_like(features[0])
    width = float(np.float32(math.sqrt(2 / 3) * (dim + 1)))
    for axis in range(dim, 0, -1):
        scaled = features[axis - 1] * float(np.float32(1 / math.sqrt(axis * (axis + 1)) * width))
        embedded[axis] = above - axis * scaled
        above += scaled
    embedded[0] = above
    return embedded


def _corners(embedded: Tensor) -> tuple[Tensor, Tensor, tuple[int, ...]]:
    """Find the simplex around each point (section 3.2).

    The coordinates of the r-th corner of a simplex, r from 0 to d, all leave the remainder r when divided by d + 1.
    The first d of them make up one whole number: ``sum(quotient * stride) * (d + 1) + r``.

    Returns:
        Corners as whole numbers, (d + 1, N) int64; what share of the point each gets (barycentric coordinates),
        (d + 1, N) float32; and the d + 1 strides, the last, of the coordinate that is left out, 0.
    """
    dim = len(embedded) - 1
    inverse = 1 / (dim + 1)  # dividing would round otherwise than pydensecrf
    base = torch.round(embedded * inverse)  # quotients of the 0th corner
    rank = _ranks(embedded - base * (dim + 1)) + base.sum(dim=0).long()
    # The sum of the quotients must be 0: those that were rounded the furthest go to the next.
    turns = (rank < 0).long() - (rank > dim).long()
    base, rank = base + turns, rank + turns * (dim + 1)

    offsets = (embedded - base * (dim + 1)) * inverse
    falling = torch.empty_like(offsets).scatter_(0, rank, offsets)
    weights = torch.empty_like(falling)
    weights[0] = 1 + falling[dim] - falling[0]
    weights[1:] = (falling[:-1] - falling[1:]).flip(0)

    quotients = base[:dim].long()
    strides = _strides(quotients)
    factors = quotients.new_tensor(strides)[:, None]
    # The next corner lies one further in all coordinates but one, in which it lies d back.
    steps = torch.empty_like(rank).scatter_(0, rank, factors.expand_as(rank)).flip(0) * -(dim + 1) + 1
    packed = torch.empty_like(rank)
    packed[0] = ((quotients - quotients.amin(dim=1, keepdim=True) + 2) * factors[:dim]).sum(dim=0) * (dim + 1)
    packed[1:] = steps[:-1]
    return packed.cumsum(dim=0), weights, strides


def _ranks(values: Tensor) -> Tensor:
    """Return how many of the d + 1 values of a point are larger, the earlier of equal ones counting as larger."""
    ranks = torch.zeros_like(values, dtype=torch.int64)
    for axis in range(len(values)):
        is_below = values[axis] < values[axis + 1 :]
        ranks[axis] += is_below.sum(dim=0)
        ranks[axis + 1 :] += ~is_below
    return ranks


def _strides(quotients: Tensor) -> tuple[int, ...]:
    """Return factors that make one whole number of d small ones, with room for the neighbours of corners."""
    strides = [1]
    for low, high in zip(quotients.amin(dim=1).tolist(), quotients.amax(dim=1).tolist(), strict=True):
        strides.append(strides[-1] * (high - low + 4))
    total = strides.pop() * (len(quotients) + 1)
    assert total < 2**63, f'{total} possible corners of the lattice, 2^63 can be told apart'
    return (*strides, 0)


def _neighbours(corners: Tensor, strides: Sequence[int]) -> list[tuple[Tensor, Tensor]]:
    """Find the two neighbours of each corner along each axis.

    One lies 1 back in all coordinates but one, in which it lies d further, the other opposite.

    Args:
        corners: (M,) int64, ascending, see :func:`_corners`.
        strides: d + 1 factors.

    Returns:
        For each of the d + 1 axes two (M,) int32: positions of the neighbours, M where there is none.
    """
    order = len(strides)  # d + 1
    all_quotients = sum(strides) * order
    remainder = corners % order
    back = torch.where(remainder > 0, corners - 1, corners - all_quotients + order - 1)
    onward = torch.where(remainder < order - 1, corners + 1, corners + all_quotients - order + 1)
    return [(_find(back + stride * order, corners), _find(onward - stride * order, corners)) for stride in strides]


def _find(wanted: Tensor, corners: Tensor) -> Tensor:
    """Return positions in ``corners``, (M,) int32; M for what is not there."""
    at = torch.searchsorted(corners, wanted).clamp_(max=len(corners) - 1)
    return torch.where(corners[at] == wanted, at, len(corners)).int()
