"""A sampler that can start in the middle of a pass."""

import math
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
    whatever the number of ranks.

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

    def set_epoch(self, epoch: int, start: int = 0) -> None:
        """Choose the pass to deal next.

        Args:
            epoch: Number of the pass, from 0.
            start: How many of this rank's samples of the pass to leave out.
        """
        self.epoch, self.start = epoch, start

    def __len__(self) -> int:
        """Return how many samples a whole pass has for this rank."""
        return math.ceil(len(self.dataset) / self.world_size)

    def __iter__(self) -> Iterator[SampleKey]:
        size = len(self.dataset)
        if self.shuffle:
            generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
            order = torch.randperm(size, generator=generator).tolist()
        else:
            order = list(range(size))
        # The last round is filled from the front; such a sample comes a second time in this pass.
        for position in range(self.rank + self.start * self.world_size, len(self) * self.world_size, self.world_size):
            yield SampleKey(order[position % size], self.epoch, position // size)
