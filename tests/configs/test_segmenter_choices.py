"""Leaves that take a choice of pixel_losses.py or norms.py: what they become, and a step through the whole engine."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from torch import nn

from custom_modules.engine import load_config
from custom_modules.engine.shrink import shrink
from custom_modules.losses.pixels import CDBLoss, ClassBalancedLoss
from custom_modules.models import EvoNormB0, EvoNormS0, TrashGroupNorm, TrashInstanceNorm
from tests.configs.one_step import check_outcome

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
LOSSES = Config.fromfile(CONFIGS / '_base_' / 'pixel_losses.py')
NORMS = {
    'batch_norm': nn.modules.batchnorm._BatchNorm,
    'sync_batch_norm': nn.modules.batchnorm._BatchNorm,
    'instance_norm': TrashInstanceNorm,
    'group_norm': TrashGroupNorm,
    'evonorm_s0': EvoNormS0,
    'evonorm_b0': EvoNormB0,
}


def leaf(folder: Path, model: str) -> Config:
    """Load a leaf of the demo's DeepLabV3+ with another model."""
    path = folder / 'leaf.py'
    bases = ['demo/deeplabv3plus_r18', '_base_/pixel_losses', '_base_/norms']
    path.write_text(f'_base_ = {[f"{CONFIGS}/{base}.py" for base in bases]}\nmodel = {model}\n')
    return load_config(path)


@pytest.mark.fast
@pytest.mark.parametrize('name', list(LOSSES))
def test_a_loss_takes_the_place_of_the_family_s(tmp_path, name):
    cfg = leaf(tmp_path, f'dict(decode_head=dict(loss_decode=_base_.{name}))')
    assert cfg.model.decode_head.loss_decode == LOSSES[name]
    assert cfg.model.auxiliary_head.loss_decode.type == 'CrossEntropyLoss'


@pytest.mark.parametrize('name', ['dice_bce', 'cdb', 'class_balanced'])
def test_a_step_with_a_loss(tmp_path, one_step, name):
    cfg = leaf(tmp_path, f'dict(decode_head=dict(loss_decode=_base_.{name}))')
    shrink(cfg)
    outcome = one_step(cfg)
    check_outcome(outcome)
    (loss, *_) = outcome.runner.model.decode_head.loss_decode
    if isinstance(loss, CDBLoss):  # the validation after the step has changed it
        ious = outcome.runner.val_loop.evaluator.metrics[0].last_result.per_class_iou
        known = torch.tensor(ious).isfinite()
        assert known.any()
        torch.testing.assert_close(loss.difficulty[known], 1 - torch.tensor(ious).float()[known])
    if isinstance(loss, ClassBalancedLoss):
        assert len(loss.class_weight) == 11 and min(loss.class_weight) == loss.class_weight[0] > 0  # Background


@pytest.mark.parametrize('name', NORMS)
def test_a_step_with_a_norm(tmp_path, one_step, name):
    backbone = f"dict(_base_.{name}.backbone, type='EvoResNetV1c')" if 'evonorm' in name else f'_base_.{name}.backbone'
    cfg = leaf(tmp_path, f'dict(_base_.{name}, backbone={backbone})')
    shrink(cfg)
    outcome = one_step(cfg)
    check_outcome(outcome)
    model = outcome.runner.model
    kinds = [module for module in model.modules() if isinstance(module, tuple(NORMS.values()))]
    assert len(kinds) > 20 and all(isinstance(module, NORMS[name]) for module in kinds)
    if 'evonorm' in name:
        assert not any(isinstance(module, nn.ReLU) for module in model.modules())
