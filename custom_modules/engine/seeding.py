"""Random numbers that a restart, another worker count or another rank count does not change."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset


class SampleKey(int):
    """An index into a data set that also knows when it is drawn.

    Args:
        index: Position in the data set.
        epoch: Pass over the data set, from 0.
        repeat: How often this index has already come in this pass.
    """

    epoch: int
    repeat: int

    def __new__(cls, index: int, epoch: int = 0, repeat: int = 0) -> 'SampleKey':
        key = super().__new__(cls, index)
        key.epoch, key.repeat = epoch, repeat
        return key

    def __reduce__(self) -> tuple:
        return SampleKey, (int(self), self.epoch, self.repeat)


class SeededDataset(Dataset):
    """Draw every sample from random numbers of its own.

    The numbers an augmentation sees depend on (seed, epoch, index, repeat) and
    on nothing else: not on the worker, the rank, or what was drawn before.
    The caller's random state is left as it was.

    Args:
        dataset: The data set to draw from; its attributes stay reachable.
        seed: The run's seed.
    """

    def __init__(self, dataset: Dataset, *, seed: int) -> None:
        self.dataset = dataset
        self.seed = seed

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, key: int) -> Any:
        with random_numbers_of(self.seed, getattr(key, 'epoch', 0), int(key), getattr(key, 'repeat', 0)):
            return self.dataset[key]

    def __getattr__(self, name: str) -> Any:
        # Only called for names this object lacks; guard against unpickling, when `dataset` itself is not there yet.
        if name == 'dataset':
            raise AttributeError(name)
        return getattr(self.dataset, name)


@contextmanager
def random_numbers_of(*key: int) -> Iterator[None]:
    """Seed python, numpy and torch (CPU) from ``key`` inside the block and restore them after it."""
    before = random.getstate(), np.random.get_state(), torch.get_rng_state()
    words = np.random.SeedSequence([abs(part) for part in key]).generate_state(4)
    random.seed(int(words[0]))
    np.random.seed(words[1:3])
    # The CPU generator alone: torch.manual_seed would also reseed the GPUs.
    torch.default_generator.manual_seed(int(words[3]))
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
        torch.set_rng_state(before[2])


def random_state() -> dict[str, Any]:
    """Return the random state of this process as tensors and plain values, fit for a checkpoint."""
    version, words, gauss = random.getstate()
    kind, keys, position, has_gauss, cached = np.random.get_state()
    return {
        'python': [version, list(words), gauss],
        'numpy': [kind, torch.from_numpy(keys.astype(np.int64)), int(position), int(has_gauss), float(cached)],
        'torch': torch.get_rng_state(),
        'cuda': torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def restore_random_state(state: dict[str, Any]) -> None:
    """Bring this process back to what :func:`random_state` returned."""
    version, words, gauss = state['python']
    random.setstate((version, tuple(words), gauss))
    kind, keys, position, has_gauss, cached = state['numpy']
    np.random.set_state((kind, keys.cpu().numpy().astype(np.uint32), position, has_gauss, cached))
    torch.set_rng_state(state['torch'].cpu())
    if torch.cuda.is_available() and len(state['cuda']) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all([part.cpu() for part in state['cuda']])
