"""Starting and describing the processes that train together."""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as torch_dist
from mmengine.config import Config

from ..utils import UserError

# Ranks wait for one that fetches weights or checks the data; the default of ten minutes is too short for that.
PATIENCE = timedelta(hours=2)

_TORCHRUN = ('WORLD_SIZE', 'RANK', 'LOCAL_RANK', 'MASTER_ADDR', 'MASTER_PORT')


def start_distributed(cfg: Config) -> None:
    """Join the process group that torchrun describes in the environment, if there is one.

    NCCL where each local rank has a card; gloo on the CPU where the machine
    has none.  (mmengine's own start-up insists on CUDA.)

    Args:
        cfg: Gets ``launcher``, the backend and, on the CPU, a wrapper without devices.

    Raises:
        UserError: There are fewer cards than processes on this machine.
    """
    if any(name not in os.environ for name in _TORCHRUN):  # clusters set some of them for every job
        cfg.launcher = 'none'
        return
    cfg.launcher = 'pytorch'
    cards = torch.cuda.device_count()
    backend = 'nccl' if cards else 'gloo'
    if cards:
        torch.cuda.set_device(_own_card(int(os.environ['LOCAL_RANK']), cards))
    if not torch_dist.is_initialized():
        torch_dist.init_process_group(backend, timeout=PATIENCE)
    cfg.env_cfg = {**cfg.get('env_cfg', {}), 'dist_cfg': {'backend': backend}}
    if not cards:
        cfg.pop('sync_bn', None)  # torch synchronises batch norms between cards only
        cfg.model_wrapper_cfg = {
            'type': 'MMDistributedDataParallel',
            'device_ids': None,
            'broadcast_buffers': False,
            'find_unused_parameters': cfg.get('find_unused_parameters', False),
        }


def _own_card(local_rank: int, cards: int) -> int:
    if local_rank >= cards:
        raise UserError(f'process {local_rank} of this machine finds {cards} card(s) only; start one process per card')
    return local_rank


def stop_distributed() -> None:
    """Leave the process group, if there is one."""
    if torch_dist.is_initialized():
        torch_dist.destroy_process_group()


def num_ranks() -> int:
    """Return how many processes work together."""
    return torch_dist.get_world_size() if torch_dist.is_initialized() else 1


def own_rank() -> int:
    """Return the number of this process among those that work together, from 0."""
    return torch_dist.get_rank() if torch_dist.is_initialized() else 0


def on_main_rank(function: Callable, *args: Any, **kwargs: Any) -> Any:
    """Call a function on rank 0 alone and give its result, or its UserError, to every rank.

    Args:
        function: What to call; its result must be picklable.

    Raises:
        UserError: The function raised it on rank 0.
    """
    if num_ranks() == 1:
        return function(*args, **kwargs)
    outcome = [_attempt(function, *args, **kwargs) if torch_dist.get_rank() == 0 else None]
    torch_dist.broadcast_object_list(outcome, src=0)
    result, error = outcome[0]
    if error:
        raise UserError(error)
    return result


def on_each_machine(function: Callable, *args: Any, **kwargs: Any) -> Any:
    """Call a function on one rank of each machine and give the result to all ranks of that machine.

    For what depends on a machine's own files: paths and fetched weights.

    Args:
        function: What to call; its result must be picklable.

    Raises:
        UserError: The function raised it on some machine; every rank raises it.
    """
    if num_ranks() == 1:
        return function(*args, **kwargs)
    local_rank = int(os.environ['LOCAL_RANK'])
    outcomes: list[Any] = [None] * num_ranks()
    torch_dist.all_gather_object(outcomes, _attempt(function, *args, **kwargs) if local_rank == 0 else None)
    errors = [outcome[1] for outcome in outcomes if outcome and outcome[1]]
    if errors:
        raise UserError(errors[0])
    return outcomes[torch_dist.get_rank() - local_rank][0]  # torchrun numbers machine by machine


def _attempt(function: Callable, *args: Any, **kwargs: Any) -> tuple[Any, str | None]:
    """Return the function's result, or the text of its UserError."""
    try:
        return function(*args, **kwargs), None
    except UserError as error:
        return None, str(error)
