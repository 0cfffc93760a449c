"""One real training step and one real prediction of any config."""

import logging
from dataclasses import dataclass
from pathlib import Path

import torch
from mmengine.config import Config

from custom_modules.engine import TrashRunner, build_runner
from custom_modules.engine.batch import share_out_batch
from custom_modules.engine.data import use_data
from custom_modules.engine.tasks import is_segmentation

# They write for people: figures, tables, copies of the config. Tested elsewhere, and slower than the training step.
WRITERS = ('curves', 'report', 'tracking', 'progress')
NUM_CLASSES = 10


@dataclass
class Outcome:
    """What a step changed and a prediction found.

    Attributes:
        runner: The runner after one iteration and one validation.
        changed: Names of the parts of the model (``backbone``, ...) in which some weight changed.
        trainable: Names of the parts with weights to train in the first epoch.
        found: What was predicted on the validation picture: ``pred_instances``, or ``pred_sem_seg`` of a segmenter.
        shape: Height and width of that picture, px.
    """

    runner: TrashRunner
    changed: set[str]
    trainable: set[str]
    found: object
    shape: tuple[int, int]


def train_one_step(cfg: Config, data_root: Path, work_dir: Path, *, keeps_files: bool = True) -> Outcome:
    """Train for one iteration through the whole engine, validate, and predict.

    Args:
        cfg: A small config.
        data_root: The data set.
        work_dir: Folder of the run.
        keeps_files: Whether to write checkpoints.
    """
    share_out_batch(cfg, 1)
    use_data(cfg, str(data_root))
    for name in WRITERS if keeps_files else (*WRITERS, 'checkpoint'):
        cfg.default_hooks.pop(name, None)
    if not keeps_files:
        cfg.default_hooks.checkpoint = None
    cfg.train_cfg.max_iters = 1
    cfg.work_dir = str(work_dir)
    runner = build_runner(cfg)
    runner.logger.setLevel(logging.ERROR)
    runner.build_training()
    before = _weights(runner.model)
    runner.train()
    after = _weights(runner.model)
    changed = {name.split('.')[0] for name, weight in after.items() if not torch.equal(weight, before[name])}
    is_frozen = any(hook['type'] == 'FreezeEncoderHook' for hook in cfg.get('custom_hooks') or [])
    trainable = {name.split('.')[0] for name in before} - ({'backbone'} if is_frozen else set())
    batch = next(iter(runner.val_dataloader))
    runner.model.eval()
    with torch.no_grad():
        sample = runner.model.val_step(batch)[0]
    found = sample.pred_sem_seg if is_segmentation(cfg) else sample.pred_instances
    return Outcome(runner, changed, trainable, found, sample.ori_shape[:2])


def _weights(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: weight.detach().clone() for name, weight in model.named_parameters() if weight.requires_grad}


def check_outcome(outcome: Outcome) -> None:
    """Make sure that a step was taken with finite losses, and that the predictions can be ones."""
    assert outcome.runner.iter == 1
    losses = outcome.runner.message_hub.log_scalars
    assert torch.isfinite(torch.tensor(losses['train/loss'].current())) and losses['train/loss'].current() > 0
    assert outcome.changed == outcome.trainable
    if 'bboxes' in outcome.found:
        _check_detections(outcome.found, *outcome.shape)
    else:
        _check_labels(outcome.found.data, outcome.shape)


def _check_labels(labels: torch.Tensor, shape: tuple[int, int]) -> None:
    """Look at a label map (1, H, W) of Background and the classes."""
    assert labels.shape == (1, *shape)
    assert labels.dtype == torch.int64 and labels.min() >= 0 and labels.max() <= NUM_CLASSES


def _check_detections(found, height: int, width: int) -> None:
    boxes = found.bboxes
    assert len(boxes) == len(found.labels) == len(found.scores)
    assert torch.isfinite(boxes).all() and (boxes >= 0).all()
    assert (boxes[:, 0::2] <= width).all() and (boxes[:, 1::2] <= height).all()
    assert ((found.labels >= 0) & (found.labels < NUM_CLASSES)).all()
    assert ((found.scores >= 0) & (found.scores <= 1)).all()
    if 'masks' in found:
        assert [rle['size'] for rle in found.masks] == [[height, width]] * len(boxes)
