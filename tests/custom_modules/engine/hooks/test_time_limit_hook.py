"""A training that has only so long ends in time, with everything saved."""

import time

import pytest
import torch

from custom_modules.engine.hooks import TimeLimitHook, TrainingStopped
from custom_modules.engine.hooks.time_limit_hook import seconds_needed


def stopped_after(runner, deadline: float) -> TrainingStopped:
    runner.register_hook(TimeLimitHook(deadline))
    with pytest.raises(TrainingStopped) as stopped:
        runner.train()
    return stopped.value


@pytest.mark.parametrize(
    ('iterations', 'steps'), [pytest.param(1, 1, id='each'), pytest.param(2, 2, id='accumulating')]
)
def test_time_that_is_up_ends_after_one_update(toy_runner, tmp_path, iterations, steps):
    runner = toy_runner(optim_wrapper={'accumulative_counts': steps})
    stopped = stopped_after(runner, time.monotonic())
    assert stopped.exit_code == 0
    assert 'by the time limit' in str(stopped) and '--resume' in str(stopped)
    assert torch.load(tmp_path / 'run' / 'last.pth', weights_only=True)['meta']['iter'] == iterations


def test_a_validation_that_would_take_too_long_is_not_begun(toy_runner, tmp_path, monkeypatch):
    """The first validation is said to have taken an hour; there is half of one left."""
    monkeypatch.setattr(
        TimeLimitHook, 'after_val_epoch', lambda self, runner, metrics=None: vars(self).update(_validation=3600)
    )
    runner = toy_runner()
    stopped_after(runner, time.monotonic() + 1800)
    meta = torch.load(tmp_path / 'run' / 'last.pth', weights_only=True)['meta']
    assert (meta['iter'], meta['validation_due']) == (10, True)
    assert (tmp_path / 'run' / 'best.pth').is_file()  # of the first epoch
    resumed = toy_runner(resume=True)
    resumed.train()
    assert resumed.iter == 20


def test_enough_time_changes_nothing(toy_runner):
    runner = toy_runner(train_cfg={'max_epochs': 2})
    runner.register_hook(TimeLimitHook(time.monotonic() + 3600))
    runner.train()
    assert runner.iter == 10


@pytest.mark.fast
def test_what_is_kept_back():
    assert seconds_needed(pause=1.5, save=20.0) == 3 + 40 + 15
    assert seconds_needed(pause=1.5, save=20.0, next_step=100.0) == 158
