"""Epochs that are entered anywhere, and gradients that do not cross their ends."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.optim import OptimWrapper
from torch.utils.data import DataLoader, TensorDataset

from custom_modules.engine.loops import ResumableEpochLoop
from custom_modules.engine.sampler import ResumableSampler
from custom_modules.utils import UserError

pytestmark = pytest.mark.fast


class Mean(torch.nn.Module):
    """One number, pulled by each sample's value: the gradient is the mean of the values."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))

    def train_step(self, data, optim_wrapper) -> dict:
        loss = (self.weight * data[0]).sum()
        optim_wrapper.update_params(loss)
        return {'loss': loss.detach()}


class Steps(torch.optim.SGD):
    """SGD that notes the gradient of each update."""

    def step(self, closure=None) -> None:
        gradients = self.__dict__.setdefault('gradients', [])
        gradients.append(float(self.param_groups[0]['params'][0].grad))
        super().step(closure)


def loop_of(values: list[float], steps: int, max_iters: int | None = None) -> ResumableEpochLoop:
    dataset = TensorDataset(torch.tensor(values))
    loader = DataLoader(dataset, sampler=ResumableSampler(dataset, shuffle=False))
    model = Mean()
    wrapper = OptimWrapper(Steps(model.parameters(), lr=0.1), accumulative_counts=steps)
    runner = SimpleNamespace(model=model, optim_wrapper=wrapper, call_hook=lambda *args, **kwargs: None, val_loop=None)
    runner.visualizer = SimpleNamespace()
    return ResumableEpochLoop(runner, loader, max_epochs=2, max_iters=max_iters)


@pytest.mark.parametrize(
    ('values', 'steps', 'gradients'),
    [
        pytest.param([1, 3, 5, 7], 1, [1, 3, 5, 7], id='every-iteration'),
        pytest.param([1, 3, 5, 7], 2, [2, 6], id='a-multiple'),
        pytest.param([1, 3, 5, 7, 9], 2, [2, 6, 9], id='one-left-over'),
        pytest.param([1, 3, 5, 7, 9], 3, [3, 8], id='two-left-over'),
    ],
)
def test_each_epoch_ends_with_an_update_of_what_is_left(values, steps, gradients):
    loop = loop_of([float(value) for value in values], steps)
    loop.run()
    assert loop.runner.optim_wrapper.optimizer.gradients == pytest.approx(gradients * 2)


def test_an_epoch_is_entered_in_the_middle():
    loop = loop_of([1.0, 3.0, 5.0, 7.0, 9.0], 2)
    loop._epoch, loop._iter = 1, 7  # two of the second epoch's five iterations are done
    loop.run()
    assert loop.runner.optim_wrapper.optimizer.gradients == pytest.approx([6, 9])


def test_an_iteration_outside_the_epoch_is_our_own_mistake():
    loop = loop_of([1.0, 3.0], 1)
    loop._epoch, loop._iter = 1, 1
    with pytest.raises(AssertionError, match='iteration 1 is not in epoch 2'):
        loop.run_epoch()


@pytest.mark.parametrize(
    ('max_iters', 'gradients'),
    [
        pytest.param(1, [1], id='the-first-iteration'),
        pytest.param(3, [1, 3, 5], id='inside-the-first-epoch'),
        pytest.param(4, [1, 3, 5, 7], id='an-epoch'),
        pytest.param(5, [1, 3, 5, 7, 1], id='inside-the-second-epoch'),
        pytest.param(99, [1, 3, 5, 7] * 2, id='more-than-there-are'),
    ],
)
def test_an_end_inside_an_epoch(max_iters, gradients):
    loop = loop_of([1.0, 3.0, 5.0, 7.0], 1, max_iters)
    loop.run()
    assert loop.runner.optim_wrapper.optimizer.gradients == pytest.approx(gradients)
    assert loop.max_iters == len(gradients)


@pytest.mark.parametrize('max_iters', [0, -1, 2.5, 'all'])
def test_an_end_that_makes_no_sense(max_iters):
    with pytest.raises(UserError, match='max_iters'):
        loop_of([1.0], 1, max_iters)
