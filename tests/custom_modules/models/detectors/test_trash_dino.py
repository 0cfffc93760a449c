"""Deformable attention in single precision, inside a model in bfloat16."""

from pathlib import Path

import pytest
import torch
from mmcv.ops import MultiScaleDeformableAttention
from mmdet.registry import MODELS

from custom_modules.engine import load_config

CONFIG = Path(__file__).resolve().parents[4] / 'configs' / 'demo' / 'dino_swin.py'


@pytest.fixture(scope='module')
def dino():
    """The demo DINO."""
    model = load_config(CONFIG).model
    return MODELS.build(model)


def attentions(model) -> list:
    return [module for module in model.modules() if isinstance(module, MultiScaleDeformableAttention)]


def test_every_attention_samples_single_precision(dino):
    assert len(attentions(dino)) == 5  # two layers of encoder, three of decoder
    with torch.autocast('cpu', dtype=torch.bfloat16):
        values = [module.value_proj(torch.ones(1, 4, 64)) for module in attentions(dino)]
        assert all(value.dtype == torch.float32 for value in values)
        # The product itself is in bfloat16 still, as what it saves is time.
        exact = torch.nn.functional.linear(torch.ones(1, 4, 64), attentions(dino)[0].value_proj.weight)
        assert exact.dtype == torch.bfloat16 and torch.equal(values[0], exact.float())
