"""A sampler that can start in the middle of a pass, and what samplers of another composition inherit from it."""

import math
from collections import Counter
from collections.abc import Iterator, Sized

import torch
from mmengine.dist import get_dist_info
from mmengine.registry import DATA_SAMPLERS
from torch.utils.data import Sampler

from .seeding import SampleKey


@DATA_SAMPLERS.register_module()
class ResumableSampler(Sampler):
    """Deal one pass over the data set to the ranks, from any point of it.

    The order depends on (seed, epoch) only, and consecutive samples go to the
    ranks in turn, so that the k-th batch over all ranks holds the same samples
    whatever the number of ranks.  A sampler that composes its passes in
    another way overrides :meth:`draw_pass`, :attr:`pass_length` and
    :meth:`__repr__`.

    Args:
        dataset: The data set.
        shuffle: Whether each pass has an order of its own.
        seed: The run's seed.
    """

    def __init__(self, dataset: Sized, *, shuffle: bool = True, seed: int | None = None) -> None:
        self.dataset = dataset
        self.shuffle = shuffle
        self.seed = seed or 0
        self.rank, self.world_size = get_dist_info()
        self.epoch = 0
        self.start = 0

    def __repr__(self) -> str:
        """Say how a pass is composed; a run is resumed with a sampler that says the same."""
        return f'{type(self).__name__}(shuffle={self.shuffle})'

    @property
    def pass_length(self) -> int:
        """Samples of a pass over all ranks, the same for every epoch."""
        return len(self.dataset)

    def draw_pass(self, generator: torch.Generator) -> list[int]:
        """Compose a pass.

        Args:
            generator: Source of all random numbers, seeded from (seed, epoch).

        Returns:
            ``pass_length`` indices into the data set in the order they are dealt.
        """
        return permutation(self.pass_length, generator) if self.shuffle else list(range(self.pass_length))

    def set_epoch(self, epoch: int, start: int = 0) -> None:
        """Choose the pass to deal next.

        Args:
            epoch: Number of the pass, from 0.
            start: How many of this rank's samples of the pass to leave out.
        """
        self.epoch, self.start = epoch, start

    def __len__(self) -> int:
        """Return how many samples a whole pass has for this rank."""
        return math.ceil(self.pass_length / self.world_size)

    def __iter__(self) -> Iterator[SampleKey]:
        indices = self.draw_pass(torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch))
        first = self.start * self.world_size
        came: Counter[int] = Counter()
        # The last round is filled from the front.
        for position in range(len(self) * self.world_size):
            index = indices[position % len(indices)]
            if position >= first and position % self.world_size == self.rank:
                yield SampleKey(index, self.epoch, came[index])
            came[index] += 1


def permutation(length: int, generator: torch.Generator) -> list[int]:
    """Return the numbers from 0 to ``length`` - 1 in random order."""
    return torch.randperm(length, generator=generator).tolist()


def in_turns(pictures: list[int], count: int, generator: torch.Generator) -> list[int]:
    """Draw ``count`` of the pictures (N,), none of them again before all have come."""
    drawn: list[int] = []
    while len(drawn) < count:
        drawn += [pictures[position] for position in permutation(len(pictures), generator)]
    return drawn[:count]
