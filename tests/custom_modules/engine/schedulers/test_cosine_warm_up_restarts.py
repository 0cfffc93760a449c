"""Cycles, rises and peaks by hand; entered anywhere; impossible numbers refused."""

import math

import pytest
import torch
from mmengine.optim import OptimWrapper
from mmengine.registry import PARAM_SCHEDULERS

from custom_modules.engine import runner as runner_module
from custom_modules.engine.batch import count_in_updates
from custom_modules.engine.schedulers.cosine_warm_up_restarts import cycle_at

pytestmark = pytest.mark.fast


def build(lr=0.1, mults=(1.0,), **options):
    groups = [{'params': [torch.nn.Parameter(torch.zeros(1))], 'lr': lr * mult} for mult in mults]
    wrapper = OptimWrapper(torch.optim.SGD(groups, lr=lr))
    config = {'type': 'CosineAnnealingWarmUpRestarts', 'T_0': 6, 'eta_max': 1.0, 'T_up': 2, **options}
    return PARAM_SCHEDULERS.build({**config, 'optimizer': wrapper})


def rates(scheduler, steps: int, group: int = 0) -> list[float]:
    values = []
    for _ in range(steps):
        values.append(scheduler.optimizer.param_groups[group]['lr'])
        scheduler.optimizer.step()
        scheduler.step()
    return values


def test_two_cycles_by_hand():
    """Floor 0.1; peaks 1 and 0.55; two steps up, four down, then eight down."""
    down = [0.5 * (1 + math.cos(math.pi * step / 4)) for step in range(4)]
    longer = [0.5 * (1 + math.cos(math.pi * step / 8)) for step in range(8)]
    expected = [0.1, 0.55, *(0.1 + 0.9 * share for share in down)]
    expected += [0.1, 0.325, *(0.1 + 0.45 * share for share in longer), 0.1]
    assert rates(build(gamma=0.55, T_mult=2), 17) == pytest.approx(expected)


def test_without_rise_and_gamma_it_restarts_at_the_peak():
    assert rates(build(T_up=0, T_0=2), 5) == pytest.approx([1.0, 0.55, 1.0, 0.55, 1.0])


def test_the_peak_never_falls_below_the_lowest_rate():
    assert min(rates(build(gamma=0.01), 30)) == pytest.approx(0.1)


def test_groups_keep_their_ratio():
    scheduler = build(mults=(1.0, 0.5))
    assert rates(scheduler, 6, group=1) == pytest.approx([value / 2 for value in rates(build(), 6)])


def test_epochs_become_iterations():
    by_epoch = {'by_epoch': True, 'convert_to_iter_based': True, 'epoch_length': 10, 'end': 3}
    scheduler = build(T_0=3, T_up=0.5, **by_epoch)
    assert (scheduler.T_0, scheduler.T_up, scheduler.end, scheduler.by_epoch) == (30, 5, 30, False)


def test_accumulation_counts_updates():
    schedule = {'by_epoch': False, 'T_0': 6, 'T_up': 2, 'T_mult': 2}
    assert count_in_updates(schedule, 3) == {'by_epoch': False, 'T_0': 18, 'T_up': 6, 'T_mult': 2}


@pytest.mark.parametrize('step', [1, 5, 6, 7, 13, 20])
def test_saved_or_entered_it_goes_on_exactly(step):
    whole = rates(build(gamma=0.5, T_mult=2), 30)
    first = build(gamma=0.5, T_mult=2)
    rates(first, step)
    resumed, entered = build(gamma=0.5, T_mult=2), build(gamma=0.5, T_mult=2)
    resumed.load_state_dict(first.state_dict())
    runner_module._enter(entered, step)
    for scheduler in (resumed, entered):
        assert rates(scheduler, 30 - step)[1:] == whole[step + 1 :]


@pytest.mark.parametrize(
    ('step', 'expected'), [(0, (0, 0, 6)), (5, (0, 5, 6)), (6, (1, 0, 10)), (15, (1, 9, 10)), (16, (2, 0, 18))]
)
def test_cycles_get_longer(step, expected):
    assert cycle_at(step, T_0=6, T_mult=2, T_up=2) == expected


@pytest.mark.parametrize(
    ('wrong', 'said'),
    [
        pytest.param({'T_up': 6}, 'the rise must be shorter', id='rise'),
        pytest.param({'T_mult': 0}, 'T_mult is 0', id='mult'),
        pytest.param({'T_mult': 1.5}, 'T_mult is 1.5', id='fraction'),
        pytest.param({'gamma': 0}, 'gamma is 0', id='gamma'),
        pytest.param({'eta_max': 0.01}, 'lr is the lowest rate', id='peak-below-floor'),
        pytest.param({'lr': 0.0}, 'lr is the lowest rate', id='no-floor'),
    ],
)
def test_impossible_numbers_are_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        build(**wrong)
