"""Processes for tests: forks of the test's own, so that nothing has to be imported again."""

import multiprocessing
import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch


def fork(function: Callable, *args: Any) -> multiprocessing.Process:
    """Start a function in a child process."""
    child = multiprocessing.get_context('fork').Process(target=_call, args=(function, args))
    child.start()
    return child


def fork_ranks(function: Callable, num_ranks: int, meeting: Path, *, machines: bool = False) -> list:
    """Start ``function(rank)`` in as many processes that form a group.

    Args:
        function: Gets its rank.
        num_ranks: How many.
        meeting: A file that does not exist.
        machines: Whether each is to think that it is alone on its machine.
    """
    return [fork(_as_rank, function, rank, num_ranks, str(meeting), machines) for rank in range(num_ranks)]


def wait(children: list, seconds: float = 120) -> list[int | None]:
    """Wait for processes; gives their exit codes."""
    for child in children:
        child.join(seconds)
    codes = [child.exitcode for child in children]
    for child in children:
        child.kill()
        child.join()
    return codes


def _call(function: Callable, args: tuple) -> None:
    torch.set_num_threads(1)
    try:
        function(*args)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _as_rank(function: Callable, rank: int, num_ranks: int, meeting: str, machines: bool) -> None:
    os.environ.update(RANK=str(rank), WORLD_SIZE=str(num_ranks), MASTER_ADDR='127.0.0.1', MASTER_PORT='1')
    os.environ['LOCAL_RANK'] = '0' if machines else str(rank)
    os.environ['LOCAL_WORLD_SIZE'] = '1' if machines else str(num_ranks)
    torch.distributed.init_process_group('gloo', init_method=f'file://{meeting}', rank=rank, world_size=num_ranks)
    function(rank)
    torch.distributed.barrier()
