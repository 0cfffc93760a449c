"""Averaged weights: what they are, where they are kept, and who must know of them."""

import pytest
import torch

from custom_modules.engine.hooks.trash_ema_hook import _KINDS, TrashEMAHook
from custom_modules.utils import UserError

EMA = {'type': 'TrashEMAHook', 'ema_type': 'ExponentialMovingAverage', 'momentum': 0.25}


def saved(folder, name: str = 'last.pth') -> dict:
    return torch.load(folder / name, weights_only=True)


def averages(runner) -> list[float]:
    """Train and return the averaged bias after each update, worked out from the weights that training went through."""
    weights, updates = [], []
    bias = runner.plain_model.head.bias
    runner.optim_wrapper.optimizer.register_step_post_hook(lambda *args: weights.append(float(bias.detach())))
    runner.train()
    for weight in weights:
        updates.append(weight if not updates else 0.75 * updates[-1] + 0.25 * weight)
    return updates


@pytest.mark.parametrize(('steps', 'updates'), [pytest.param(1, 10, id='each'), pytest.param(2, 6, id='accumulating')])
def test_the_average_is_taken_once_per_update(toy_runner, tmp_path, steps, updates):
    """Five iterations an epoch: with two steps an update, the fifth makes one of its own."""
    changes = {'train_cfg': {'max_epochs': 2}, 'optim_wrapper': {'accumulative_counts': steps}}
    expected = averages(toy_runner(custom_hooks=[EMA], **changes))
    content = saved(tmp_path / 'run')
    assert len(expected) == updates
    assert content['ema_state_dict']['steps'] == updates
    assert float(content['state_dict']['head.bias']) == pytest.approx(expected[-1])


def test_best_holds_the_averaged_weights_alone(toy_runner, tmp_path):
    changes = {'train_cfg': {'max_epochs': 1}}
    runner = toy_runner(custom_hooks=[EMA], **changes)
    runner.train()
    best, last = saved(tmp_path / 'run', 'best.pth'), saved(tmp_path / 'run')
    assert set(best) == {'meta', 'state_dict'}
    assert torch.equal(best['state_dict']['head.weight'], last['state_dict']['head.weight'])
    trained = last['ema_state_dict']['module.head.weight']
    assert torch.equal(trained, runner.plain_model.head.weight)
    assert not torch.equal(trained, best['state_dict']['head.weight'])


def test_averaged_weights_are_not_resumed_as_trained_ones(toy_runner):
    changes = {'train_cfg': {'max_epochs': 1}}
    toy_runner(custom_hooks=[EMA], **changes).train()
    with pytest.raises(UserError, match=r'holds averaged weights \(EMA\)'):
        toy_runner(resume=True, **changes).train()


@pytest.mark.fast
@pytest.mark.parametrize('kind', _KINDS)
def test_the_kinds_that_are_named_are_there(kind):
    TrashEMAHook(ema_type=kind)


@pytest.mark.fast
def test_another_kind_is_told_before_training():
    with pytest.raises(UserError, match="ema_type is 'ExpEMA'; there are mmdet.ExpMomentumEMA, Expo"):
        TrashEMAHook(ema_type='ExpEMA')
