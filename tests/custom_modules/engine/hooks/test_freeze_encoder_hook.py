"""The encoder stays what it was for whole epochs, then learns; alone, resumed, and in several processes."""

import itertools
import os
import socket
from types import SimpleNamespace

import pytest
import torch
import torch.distributed as torch_dist
from mmengine.hooks import Hook
from mmengine.logging import MMLogger
from mmengine.model import BaseModel, MMDistributedDataParallel
from mmengine.registry import HOOKS, MODELS
from torch import nn

from custom_modules.utils import UserError

ITERATIONS = 5  # of an epoch of the toy data


class Encoded(BaseModel):
    """An encoder with statistics, dropout and a layer that is frozen for good, and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Dropout(0.5), nn.Linear(6, 6))
        self.backbone[3].requires_grad_(False)
        self.head = nn.Linear(6, 1)

    def forward(self, inputs, mode: str = 'tensor', **kwargs):
        inputs = torch.stack(inputs)
        outputs = self.head(self.backbone(inputs))[:, 0]
        if mode == 'predict':
            return list(outputs)
        return {'loss': (outputs - inputs.sum(1)).abs().mean()}


@pytest.fixture
def trained(toy_runner):
    """Give a function that trains for some epochs, and returns the weights after each, the first ones to begin with."""
    MODELS.register_module(module=Encoded)

    def train(folder: str, epochs: int, *, freeze: int | None = 2, **options) -> list[dict[str, torch.Tensor]]:
        hook = [{'type': 'FreezeEncoderHook', 'epochs': freeze}] if freeze else []
        runner = toy_runner(
            folder,
            model={'type': 'Encoded'},
            custom_hooks=hook,
            train_cfg={'type': 'ResumableEpochLoop', 'max_epochs': 4, 'max_iters': epochs * ITERATIONS},
            **options,
        )
        states = [copied(runner.model)]
        runner.register_hook(Recorder(states))
        runner.train()
        return states

    yield train
    MODELS.module_dict.pop('Encoded')


class Recorder(Hook):
    """Keeps the weights after every epoch."""

    def __init__(self, states: list) -> None:
        self.states = states

    def after_train_epoch(self, runner) -> None:
        self.states.append(copied(runner.model))


def copied(model: nn.Module) -> dict[str, torch.Tensor]:
    return {key: value.clone() for key, value in model.state_dict().items()}


def changes(states: list[dict], part: str) -> list[bool]:
    """Tell for each epoch whether anything of a part of the model changed, statistics included."""
    return [
        any(not torch.equal(before[key], after[key]) for key in before if key.startswith(part))
        for before, after in itertools.pairwise(states)
    ]


def test_two_of_four_epochs(trained):
    states = trained('run', 4)
    assert changes(states, 'backbone.') == [False, False, True, True]
    assert changes(states, 'backbone.1.running_mean') == [False, False, True, True]
    assert changes(states, 'head.') == [True] * 4
    assert changes(states, 'backbone.3.') == [False] * 4  # frozen by its config


def test_a_resumed_run_is_the_same(trained):
    whole = trained('whole', 4)
    for epochs in (1, 2, 3):
        trained(f'run{epochs}', epochs)
        rest = trained(f'run{epochs}', 4, resume=True)
        assert all(torch.equal(rest[-1][key], value) for key, value in whole[-1].items())


@pytest.mark.parametrize('epochs', [0, 0.5])
def test_no_number_of_epochs(epochs):
    with pytest.raises(UserError, match=f'epochs is {epochs}; give a whole number'):
        HOOKS.build({'type': 'FreezeEncoderHook', 'epochs': epochs})


def test_an_encoder_that_would_never_learn(trained):
    with pytest.raises(UserError, match='epochs is 4, the training has 4: .* never learn'):
        trained('run', 4, freeze=4)


def test_no_encoder(toy_runner):
    runner = toy_runner('run', custom_hooks=[{'type': 'FreezeEncoderHook', 'epochs': 1}])
    with pytest.raises(UserError, match='has no backbone'):
        runner.train()


def one_of_two(rank: int, port: int, results) -> None:
    """Train for four epochs of one iteration, the first two frozen, on numbers of one's own."""
    os.environ.update(MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port), WORLD_SIZE='2', RANK=str(rank))
    torch_dist.init_process_group('gloo')
    torch.manual_seed(0)
    model = MMDistributedDataParallel(Encoded(), broadcast_buffers=False, find_unused_parameters=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1, weight_decay=0.1)
    runner = SimpleNamespace(model=model, plain_model=model.module, epoch=0, max_epochs=4)
    runner.logger = MMLogger.get_instance(f'rank{rank}')
    hook = HOOKS.build({'type': 'FreezeEncoderHook', 'epochs': 2})
    hook.before_train(runner)
    states = [copied(model.module)]
    torch.manual_seed(rank)
    for runner.epoch in range(4):
        hook.before_train_epoch(runner)
        model.train()
        hook.before_train_iter(runner, 0)
        model(list(torch.randn(6, 4)), mode='loss')['loss'].backward()
        optimizer.step()
        optimizer.zero_grad()
        states.append(copied(model.module))
    results.put((rank, [{key: value.tolist() for key, value in state.items()} for state in states]))
    torch_dist.barrier()
    torch_dist.destroy_process_group()


def test_two_processes_stay_equal():
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        port = listener.getsockname()[1]
    context = torch.multiprocessing.get_context('fork')
    results = context.Queue()
    processes = [context.Process(target=one_of_two, args=(rank, port, results)) for rank in range(2)]
    for process in processes:
        process.start()
    found = dict(results.get(timeout=60) for _ in processes)
    for process in processes:
        process.join(30)
    states = [{key: torch.tensor(value) for key, value in state.items()} for state in found[0]]
    assert changes(states, 'backbone.') == [False, False, True, True]
    own = ('running', 'num_batches')  # each process has its own statistics here
    learned = [key for key in states[0] if not any(word in key for word in own)]
    assert all(found[0][-1][key] == found[1][-1][key] for key in learned)


def test_several_processes_must_expect_it():
    wrapped = MMDistributedDataParallel.__new__(MMDistributedDataParallel)
    nn.Module.__init__(wrapped)
    wrapped.find_unused_parameters = False
    runner = SimpleNamespace(model=wrapped, plain_model=Encoded(), max_epochs=4)
    with pytest.raises(UserError, match='add find_unused_parameters = True'):
        HOOKS.build({'type': 'FreezeEncoderHook', 'epochs': 1}).before_train(runner)
