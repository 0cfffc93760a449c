"""How many processes load pictures."""

import os
from typing import Any

from mmengine.config import Config

from .distributed import num_ranks


def usable_cores() -> int:
    """Count the processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1


def most_workers() -> int:
    """Return how many workers a loader may have: one for each core of a rank's share, one at least."""
    return max(1, usable_cores() // _ranks_here())


def limit_workers(cfg: Config) -> list[str]:
    """Let no loader have more workers than there are cores for each rank of this machine, one at least.

    Samples do not depend on the number of workers.

    Args:
        cfg: Its loaders are changed.

    Returns:
        One line if anything was reduced, none otherwise.
    """
    cores, ranks = usable_cores(), _ranks_here()
    most = most_workers()
    loaders = [cfg.get(f'{name}_dataloader') or {} for name in ('train', 'val', 'test')]
    too_many = [loader for loader in loaders if _workers(loader.get('num_workers')) > most]
    if not too_many:
        return []
    asked = max(loader['num_workers'] for loader in too_many)
    for loader in too_many:
        loader['num_workers'] = most
    return [f'workers: {most} a loader, not {asked}, for {cores} usable core(s) and {ranks} rank(s) on this machine']


def _workers(value: Any) -> int:
    return value if isinstance(value, int) else 0  # torch tells what is wrong with others


def _ranks_here() -> int:
    return int(os.environ.get('LOCAL_WORLD_SIZE', 1)) if num_ranks() > 1 else 1
