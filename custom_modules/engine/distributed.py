"""Starting and describing the processes that train together."""

import os
from typing import Any

import torch
import torch.distributed as torch_dist
from mmengine.config import Config

from ..utils import UserError


def start_distributed(cfg: Config) -> None:
    """Join the process group that torchrun describes in the environment, if there is one.

    NCCL where each local rank has a card; gloo on the CPU where the machine
    has none.  (mmengine's own start-up insists on CUDA.)

    Args:
        cfg: Gets ``launcher``, the backend and, on the CPU, a wrapper without devices.
    """
    if 'WORLD_SIZE' not in os.environ:
        cfg.launcher = 'none'
        return
    cfg.launcher = 'pytorch'
    cards = torch.cuda.device_count()
    backend = 'nccl' if cards else 'gloo'
    if cards:
        torch.cuda.set_device(int(os.environ['LOCAL_RANK']) % cards)
    if not torch_dist.is_initialized():
        torch_dist.init_process_group(backend)
    cfg.setdefault('env_cfg', {})['dist_cfg'] = {'backend': backend}
    if not cards:
        cfg.model_wrapper_cfg = {
            'type': 'MMDistributedDataParallel',
            'device_ids': None,
            'broadcast_buffers': False,
            'find_unused_parameters': cfg.get('find_unused_parameters', False),
        }


def stop_distributed() -> None:
    """Leave the process group, if there is one."""
    if torch_dist.is_initialized():
        torch_dist.destroy_process_group()


def num_ranks() -> int:
    """Return how many processes work together."""
    return torch_dist.get_world_size() if torch_dist.is_initialized() else 1


def on_main_rank(function: Any, *args: Any, **kwargs: Any) -> Any:
    """Call a function on rank 0 alone and give its result, or its UserError, to every rank.

    Args:
        function: What to call; its result must be picklable.

    Raises:
        UserError: The function raised it on rank 0.
    """
    if num_ranks() == 1:
        return function(*args, **kwargs)
    outcome: list[Any] = [None, None]
    if torch_dist.get_rank() == 0:
        try:
            outcome[0] = function(*args, **kwargs)
        except UserError as error:
            outcome[1] = str(error)
    torch_dist.broadcast_object_list(outcome, src=0)
    if outcome[1] is not None:
        raise UserError(outcome[1])
    return outcome[0]
