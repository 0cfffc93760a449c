"""How second stages draw the boxes they learn from."""

from .trash_random_sampler import TrashRandomSampler

__all__ = ['TrashRandomSampler']
