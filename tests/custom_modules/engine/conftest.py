"""A toy that trains through the real runner, with the hooks of configs/_base_/runtime.py, in a second."""

import itertools
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.registry import DATASETS, HOOKS, METRICS, MODELS
from torch.utils.data import Dataset

from custom_modules.engine import TrashRunner
from custom_modules.engine.hooks import CurvesHook

ROOT = Path(__file__).resolve().parents[3]
_numbers = itertools.count()


class Killed(BaseException):
    """What SIGKILL would do: nothing of the run is tidied up or saved."""


class ToyData(Dataset):
    """Ten samples of four numbers, noise on them as an augmentation would put it."""

    metainfo = {'classes': ('one', 'two'), 'cat_ids': (1, 2)}

    def full_init(self) -> None:
        pass

    def __len__(self) -> int:
        return 10

    def __getitem__(self, index) -> dict:
        return {'inputs': torch.linspace(-1, 1, 4) * (int(index) - 4) + 0.1 * torch.randn(4)}


class ToyModel(BaseModel):
    """A network with a normalisation, dropout and two losses."""

    def __init__(self) -> None:
        super().__init__()
        self.body = torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.BatchNorm1d(6), torch.nn.Dropout(0.2))
        self.head = torch.nn.Linear(6, 1)

    def forward(self, inputs, mode: str = 'tensor', **kwargs):
        inputs = torch.stack(inputs)
        outputs = self.head(self.body(inputs))[:, 0]
        if mode == 'predict':
            return list(outputs)
        return {'s0.loss_cls': (outputs - inputs.sum(1)).abs().mean(), 's1.loss_cls': outputs.square().mean()}


class ToyMetric(BaseMetric):
    """A score that depends on the weights, or a constant."""

    default_prefix = ''

    def __init__(self, constant: float | None = None) -> None:
        super().__init__()
        self.constant = constant

    def process(self, data_batch, data_samples) -> None:
        self.results += [float(value) for value in data_samples]

    def compute_metrics(self, results) -> dict:
        mean = sum(map(abs, results)) / len(results)
        return {'mAP50': 1 / (1 + mean) if self.constant is None else self.constant, 'mAP': 0.1}


class KillHook(Hook):
    """End the process at an event, before any other hook hears of it."""

    priority = 'HIGHEST'

    def __init__(self, event: str, count: int) -> None:
        self.event, self.left = event, count

    def count(self, event: str) -> None:
        self.left -= event == self.event
        if event == self.event and not self.left:
            raise Killed(event)

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        self.count('before_train_iter')

    def before_train_epoch(self, runner) -> None:
        self.count('before_train_epoch')

    def before_val_epoch(self, runner) -> None:
        self.count('before_val_epoch')


@pytest.fixture
def toy_runner(tmp_path, monkeypatch) -> Callable[..., TrashRunner]:
    """Return a function that builds a runner of five iterations an epoch from changes of its config."""
    monkeypatch.setattr(CurvesHook, '_draw', lambda self, runner: None)  # would take longer than the training
    base = Config.fromfile(str(ROOT / 'configs' / '_base_' / 'runtime.py')).to_dict()

    def build(
        folder: str = 'run', *, resume: bool = False, kill: tuple[str, int] | None = None, **changes
    ) -> TrashRunner:
        loader = {'dataset': {'type': 'ToyData'}, 'batch_size': 2, 'num_workers': 0}
        cfg = Config(deepcopy(base))
        cfg.merge_from_dict(
            {
                'model': {'type': 'ToyModel'},
                'train_dataloader': {**loader, 'sampler': {'type': 'ResumableSampler'}},
                'val_dataloader': {**loader, 'sampler': {'type': 'ResumableSampler', 'shuffle': False}},
                'val_evaluator': {'type': 'ToyMetric'},
                'train_cfg': {'type': 'ResumableEpochLoop', 'max_epochs': 4, 'val_interval': 1},
                'val_cfg': {'type': 'ValLoop'},
                'optim_wrapper': {'type': 'OptimWrapper', 'optimizer': {'type': 'AdamW', 'lr': 0.01}},
                'work_dir': str(tmp_path / folder),
                'experiment_name': f'toy{next(_numbers)}',
                'custom_hooks': [],
            }
        )
        cfg.merge_from_dict(changes)
        if kill:
            cfg.custom_hooks = [*cfg.custom_hooks, {'type': 'KillHook', 'event': kill[0], 'count': kill[1]}]
        runner = TrashRunner.from_cfg(cfg)
        runner.build_training()
        if resume:
            runner._resume, runner._load_from = True, str(tmp_path / folder / 'last.pth')
        return runner

    parts = [(DATASETS, ToyData), (MODELS, ToyModel), (METRICS, ToyMetric), (HOOKS, KillHook)]
    for registry, part in parts:
        registry.register_module(module=part)
    yield build
    for registry, part in parts:
        registry.module_dict.pop(part.__name__)


@pytest.fixture
def killed() -> type[BaseException]:
    """What a toy runner with ``kill`` raises."""
    return Killed
