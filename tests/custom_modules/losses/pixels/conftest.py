"""Every choice of pixel_losses.py, built as a decode head does, and its value on a label map."""

from collections.abc import Callable

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmseg.registry import MODELS
from torch import Tensor

from custom_modules.models import set_num_classes
from tests.conftest import ROOT

BLOCK = Config.fromfile(ROOT / 'configs' / '_base_' / 'pixel_losses.py')
COUNTS = (40, 5, 20, 300, 1, 7, 7, 12, 90, 33, 2)


def _build(name: str, num_classes: int = 4) -> Callable[..., Tensor]:
    """Build a choice; the function gives the sum of its losses for logits (N, K, H, W) and labels (N, H, W)."""
    cfg = {'num_classes': 11, 'loss_decode': [dict(part) for part in BLOCK[name]]}
    set_num_classes(cfg, num_classes)
    losses = [MODELS.build(part) for part in cfg['loss_decode']]
    for loss in losses:
        if hasattr(loss, 'set_class_counts'):
            loss.set_class_counts(COUNTS[:num_classes])
        if hasattr(loss, 'set_difficulty'):
            loss.set_difficulty([0.9, 0.2, float('nan'), 0.5, *([0.4] * 7)][:num_classes])
    return lambda logits, label, weight=None: sum(
        loss(logits, label, weight=weight, ignore_index=255) for loss in losses
    )


@pytest.fixture(autouse=True)
def scope_of_segmenters():
    """Look components up where a segmenter's config does, whatever ran before."""
    with DefaultScope.overwrite_default_scope('mmseg'):
        yield


@pytest.fixture(params=list(BLOCK))
def pixel_loss(request) -> Callable[..., Tensor]:
    """Each choice for four classes."""
    return _build(request.param)


@pytest.fixture
def pixels() -> tuple[Tensor, Tensor]:
    """Logits (2, 4, 6, 8) and labels (2, 6, 8) of four classes, the two upper rows ignored."""
    generator = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(2, 4, 6, 8, generator=generator)
    label = torch.randint(0, 4, (2, 6, 8), generator=generator)
    label[:, :2] = 255
    return logits, label
