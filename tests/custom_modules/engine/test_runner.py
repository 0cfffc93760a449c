"""Schedules that are entered in the middle, differences that are told, seeds of the ranks."""

import logging
import os

import numpy as np
import pytest
import torch
from mmengine.optim import CosineAnnealingLR, LinearLR, ReduceOnPlateauLR
from mmengine.runner import Runner

from custom_modules.engine import runner as runner_module
from custom_modules.engine.runner import TrashRunner

pytestmark = pytest.mark.fast


def optimizer(lr: float = 1.0) -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)


@pytest.mark.parametrize(('begin', 'end'), [(0, 20), (3, 20), (0, 5), (3, 5), (8, 20), (7, 20), (0, 7), (0, 8)])
def test_entering_a_schedule_is_like_having_stepped_there(begin, end):
    stepped = CosineAnnealingLR(optimizer(), T_max=20, begin=begin, end=end, by_epoch=False)
    entered = CosineAnnealingLR(optimizer(), T_max=20, begin=begin, end=end, by_epoch=False)
    for _ in range(7):
        stepped.optimizer.step()
        stepped.step()
    runner_module._enter(entered, 7)
    assert (entered.last_step, entered._global_step) == (stepped.last_step, stepped._global_step)


def test_only_what_the_config_changes_is_told():
    saved = LinearLR(optimizer(), start_factor=0.1, end=10, by_epoch=False)
    saved.optimizer.step()
    saved.step()
    here = LinearLR(optimizer(), start_factor=0.1, end=20, by_epoch=False)
    told = runner_module._differences(here, saved.state_dict())
    assert sorted(told) == ['LinearLR.end 10 (config: 20)', 'LinearLR.total_iters 9 (config: 19)']


def test_how_far_a_plateau_has_come_is_no_change_of_the_config():
    def plateau() -> ReduceOnPlateauLR:
        return ReduceOnPlateauLR(optimizer(), monitor='mAP50', rule='greater', patience=0, cooldown=3)

    saved = plateau()
    for score in (0.5, 0.4):
        saved.step({'mAP50': score})
    assert (saved.best, saved.cooldown_counter) == (0.5, 3)
    assert runner_module._differences(plateau(), saved.state_dict()) == []


def test_ranks_draw_their_own_numbers_and_share_the_seed(monkeypatch):
    draws, seeds = [], []
    for rank in (0, 1):
        monkeypatch.setattr('mmengine.runner.utils.get_rank', lambda rank=rank: rank)
        runner = TrashRunner.__new__(TrashRunner)
        runner.set_randomness(seed=3)
        seeds.append(runner.seed)
        draws.append((float(torch.rand(())), float(np.random.rand())))
    assert seeds == [3, 3]
    assert draws[0][0] != draws[1][0] and draws[0][1] != draws[1][1]


@pytest.mark.parametrize(
    ('message', 'is_shown'),
    [
        ('bbox_head.cls_convs.1.0.conv is duplicate. It is skipped since bypass_duplicate=True', False),
        ('paramwise_options -- backbone.norm.weight:lr=0.001', False),
        ('picture 3 of train.json is duplicate', True),
    ],
    ids=['shared-parameter', 'parameter-group', 'data'],
)
def test_the_terminal_is_spared_what_nobody_acts_on(message, is_shown):
    record = logging.LogRecord('runner', logging.WARNING, __file__, 1, message, None, None)
    assert runner_module._is_for_people(record) is is_shown


def test_deterministic_operators_are_asked_for_but_not_demanded(monkeypatch):
    """Cross entropy of pixels has no such form on a GPU: demanding it would end every segmenter's training."""
    monkeypatch.delenv('CUBLAS_WORKSPACE_CONFIG', raising=False)
    runner = TrashRunner.__new__(TrashRunner)
    try:
        runner.set_randomness(seed=3, deterministic=True)
        assert torch.are_deterministic_algorithms_enabled() and torch.is_deterministic_algorithms_warn_only_enabled()
        assert os.environ['CUBLAS_WORKSPACE_CONFIG'] == ':4096:8'
    finally:
        torch.use_deterministic_algorithms(False)
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = False, False


def test_synchronised_batch_norms_become_plain_ones_without_a_card(toy_runner, monkeypatch):
    """Also among several processes, where upstream leaves them and torch then refuses to train."""
    runner = toy_runner()
    wrapped = []
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    monkeypatch.setattr(Runner, 'wrap_model', lambda self, cfg, model: wrapped.append(model))
    runner.wrap_model(None, torch.nn.Sequential(torch.nn.SyncBatchNorm(3)))
    assert not any(isinstance(module, torch.nn.SyncBatchNorm) for module in wrapped[0].modules())
    assert isinstance(wrapped[0][0], torch.nn.modules.batchnorm._BatchNorm)
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    runner.wrap_model(None, torch.nn.Sequential(torch.nn.SyncBatchNorm(3)))
    assert isinstance(wrapped[1][0], torch.nn.SyncBatchNorm)
