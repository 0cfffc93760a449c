"""Processes that work together: who starts a group, who does what for whom."""

import os
import sys

import pytest
import torch.distributed as torch_dist
import torch.multiprocessing
from mmengine.config import Config

from custom_modules.engine import num_ranks, on_each_machine, on_main_rank, start_distributed, stop_distributed
from custom_modules.engine.distributed import _own_card
from custom_modules.utils import UserError


@pytest.mark.fast
@pytest.mark.parametrize('names', [(), ('WORLD_SIZE',), ('WORLD_SIZE', 'RANK', 'LOCAL_RANK')], ids=len)
def test_a_cluster_s_variables_alone_start_no_group(monkeypatch, names):
    for name in ('WORLD_SIZE', 'RANK', 'LOCAL_RANK', 'MASTER_ADDR', 'MASTER_PORT'):
        monkeypatch.delenv(name, raising=False)
    for name in names:
        monkeypatch.setenv(name, '2')
    cfg = Config()
    start_distributed(cfg)
    assert cfg.launcher == 'none' and num_ranks() == 1


@pytest.mark.fast
def test_two_processes_never_share_a_card():
    assert _own_card(1, 2) == 1
    with pytest.raises(UserError, match='finds 2 card'):
        _own_card(2, 2)


def who_am_i(word):
    return f'{word} of rank {torch_dist.get_rank()}'


def refuse_on(rank):
    if torch_dist.get_rank() == rank:
        raise UserError(f'rank {rank} lacks its file')
    return 'fine'


def attempt(function, *args):
    try:
        return function(*args)
    except UserError as error:
        return f'refused: {error}'


def one_of_four(rank, port, results):
    """Two machines of two ranks each, all on this one."""
    sys.stderr = open(os.devnull, 'w')  # noqa: SIM115 - the process ends soon
    os.environ.update(
        WORLD_SIZE='4', RANK=str(rank), LOCAL_RANK=str(rank % 2), MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port)
    )
    cfg = Config({'sync_bn': 'torch'})
    start_distributed(cfg)
    wrapper = cfg.model_wrapper_cfg
    found = [
        (cfg.launcher, cfg.env_cfg.dist_cfg.backend, wrapper.type, wrapper.device_ids, cfg.get('sync_bn'), num_ranks()),
        on_main_rank(who_am_i, 'main'),
        on_each_machine(who_am_i, 'machine'),
        attempt(on_main_rank, refuse_on, 0),
        attempt(on_each_machine, refuse_on, 2),
        attempt(on_each_machine, refuse_on, 3),  # does not run there
    ]
    results.put((rank, found))
    torch_dist.barrier()
    stop_distributed()


def test_results_and_errors_reach_every_rank(free_port):
    context = torch.multiprocessing.get_context('fork')
    results = context.Queue()
    processes = [context.Process(target=one_of_four, args=(rank, free_port, results)) for rank in range(4)]
    for process in processes:
        process.start()
    found = dict(results.get(timeout=60) for _ in processes)
    for process in processes:
        process.join(30)
    for rank in range(4):
        assert found[rank] == [
            ('pytorch', 'gloo', 'MMDistributedDataParallel', None, None, 4),
            'main of rank 0',
            f'machine of rank {rank // 2 * 2}',
            'refused: rank 0 lacks its file',
            'refused: rank 2 lacks its file',
            'fine',
        ]


@pytest.fixture
def free_port() -> int:
    """A port nobody listens on."""
    import socket

    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return listener.getsockname()[1]
