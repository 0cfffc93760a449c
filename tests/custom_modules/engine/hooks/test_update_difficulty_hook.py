"""Difficulties of classes that follow the validation, and survive a restart."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.registry import METRICS, MODELS

from custom_modules.engine import hooks as engine_hooks
from custom_modules.engine.hooks import UpdateDifficultyHook
from custom_modules.losses.pixels import CDBLoss
from custom_modules.utils import UserError


def runner_of(*losses, **scores) -> SimpleNamespace:
    metric = SimpleNamespace(last_result=SimpleNamespace(**{name: np.array(v) for name, v in scores.items()}))
    return SimpleNamespace(
        model=torch.nn.ModuleList(losses),
        val_loop=SimpleNamespace(evaluator=SimpleNamespace(metrics=[object(), metric])),
    )


@pytest.mark.fast
def test_every_loss_hears_of_the_scores():
    losses = CDBLoss(num_classes=3), torch.nn.Linear(2, 2), CDBLoss(num_classes=3)
    UpdateDifficultyHook().after_val_epoch(runner_of(*losses, per_class_iou=[0.75, np.nan, 0.25]))
    assert losses[0].difficulty.tolist() == losses[2].difficulty.tolist() == [0.25, 0.5, 0.75]
    UpdateDifficultyHook(score='per_class_acc').after_val_epoch(runner_of(losses[0], per_class_acc=[1.0, 1, 0.5]))
    assert losses[0].difficulty.tolist() == [0, 0, 0.5]


@pytest.mark.fast
def test_nothing_to_tell():
    UpdateDifficultyHook().after_val_epoch(runner_of(torch.nn.Linear(2, 2)))  # no loss asks
    with pytest.raises(UserError, match='no metric of val_evaluator has per_class_iou; use TrashIoUMetric'):
        UpdateDifficultyHook().after_val_epoch(runner_of(CDBLoss(num_classes=3), ap50=[0.5]))


class PixelModel(BaseModel):
    """Two classes of single pixels, told apart by a line."""

    def __init__(self) -> None:
        super().__init__()
        self.head = torch.nn.Linear(4, 2)
        self.loss = CDBLoss(num_classes=2)

    def forward(self, inputs, mode: str = 'tensor', **kwargs):
        inputs = torch.stack(inputs)
        logits = self.head(inputs)
        if mode == 'predict':
            return list(logits[:, 0].sigmoid())
        return {'loss_cdb': self.loss(logits[..., None, None], (inputs[:, 0] > 0).long()[:, None, None])}


class PixelMetric(BaseMetric):
    """Scores per class that depend on the weights."""

    default_prefix = ''

    def process(self, data_batch, data_samples) -> None:
        self.results += [float(value) for value in data_samples]

    def compute_metrics(self, results) -> dict:
        self.last_result = SimpleNamespace(per_class_iou=np.array([np.mean(results), 0.3]))
        return {'mAP50': float(np.mean(results)), 'mAP': 0.1}


@pytest.fixture
def pixel_runner(toy_runner, monkeypatch):
    for registry, part in ((MODELS, PixelModel), (METRICS, PixelMetric)):
        registry.register_module(module=part)
    for hook in (engine_hooks.ReportHook, engine_hooks.TrackingHook):  # they want all of a result
        monkeypatch.setattr(hook, 'after_val_epoch', lambda *args, **kwargs: None)
    changes = {'model': {'type': 'PixelModel'}, 'val_evaluator': {'type': 'PixelMetric'}}
    hooks = [{'type': 'UpdateDifficultyHook'}]
    yield lambda folder, ema=(), **options: toy_runner(folder, **changes, custom_hooks=[*hooks, *ema], **options)
    MODELS.module_dict.pop('PixelModel')
    METRICS.module_dict.pop('PixelMetric')


EMA = {'type': 'TrashEMAHook', 'momentum': 0.25, 'ema_type': 'ExponentialMovingAverage', 'update_buffers': True}


@pytest.mark.parametrize('ema', [[], [EMA]], ids=['plain', 'averaged weights'])
@pytest.mark.parametrize('kill', [('before_train_iter', 13), ('before_val_epoch', 2)], ids=str)
def test_a_resumed_training_equals_one_never_stopped(pixel_runner, tmp_path, killed, kill, ema):
    """Ended in the third epoch, or between the second and its validation."""
    whole = pixel_runner('whole', ema)
    whole.train()
    with pytest.raises(killed):
        pixel_runner('run', ema, kill=kill).train()
    resumed = pixel_runner('run', ema, resume=True)
    resumed.train()
    for runner in (whole, resumed):
        difficulty = runner.plain_model.loss.difficulty
        expected = 1 - runner.val_loop.evaluator.metrics[0].last_result.per_class_iou
        assert difficulty.tolist() == pytest.approx(expected.tolist())
    for name, value in whole.plain_model.state_dict().items():
        assert torch.equal(value, resumed.plain_model.state_dict()[name]), name


@pytest.mark.fast
def test_it_comes_after_averaged_weights_are_put_back():
    priorities = engine_hooks.UpdateDifficultyHook.priority, engine_hooks.SafeCheckpointHook.priority
    assert priorities == ('LOW', 'VERY_LOW') and engine_hooks.TrashEMAHook.priority == 'NORMAL'
