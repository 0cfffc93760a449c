"""The encoder learns at a rate of its own, and decay goes by the other rules."""

import pytest
import torch
from mmdet.models.backbones import SwinTransformer
from mmengine.optim import build_optim_wrapper

from custom_modules.utils import UserError

pytestmark = pytest.mark.fast


class Segmenter(torch.nn.Module):
    """A small Swin with a head, or a head alone."""

    def __init__(self, *, with_backbone: bool = True) -> None:
        super().__init__()
        if with_backbone:
            self.backbone = SwinTransformer(embed_dims=8, depths=[1] * 4, num_heads=[1] * 4, window_size=4)
        self.decode_head = torch.nn.Sequential(torch.nn.Conv2d(64, 8, 1), torch.nn.BatchNorm2d(8))


def build(model: torch.nn.Module, **paramwise) -> torch.optim.Optimizer:
    config = {
        'type': 'OptimWrapper',
        'constructor': 'EncoderRateConstructor',
        'optimizer': {'type': 'AdamW', 'lr': 1.0, 'weight_decay': 0.05},
        'paramwise_cfg': paramwise,
    }
    return build_optim_wrapper(model, config).optimizer


RULES = {
    'norm_decay_mult': 0.0,
    'custom_keys': {'relative_position_bias_table': {'decay_mult': 0.0}, 'decode_head.0': {'lr_mult': 3.0}},
}
EXPECTED = {
    'backbone.patch_embed.projection.weight': (0.1, 0.05),
    'backbone.stages.0.blocks.0.attn.w_msa.qkv.weight': (0.1, 0.05),
    'backbone.stages.0.blocks.0.attn.w_msa.relative_position_bias_table': (0.1, 0.0),
    'backbone.stages.0.blocks.0.norm1.weight': (0.1, 0.0),
    'backbone.norm0.bias': (0.1, 0.0),
    'decode_head.0.weight': (3.0, 0.05),
    'decode_head.1.weight': (1.0, 0.0),
}


def test_rates_and_decays():
    model = Segmenter()
    optimizer = build(model, encoder_lr_mult=0.1, **RULES)
    owner = {id(weight): group for group in optimizer.param_groups for weight in group['params']}
    found = {name: owner[id(weight)] for name, weight in model.named_parameters()}
    assert {name: (found[name]['lr'], found[name]['weight_decay']) for name in EXPECTED} == EXPECTED
    assert len(optimizer.param_groups) < 6


@pytest.mark.parametrize('factor', [None, 0, 'slow'])
def test_a_factor_that_is_none(factor):
    with pytest.raises(UserError, match=f'encoder_lr_mult is {factor}; give a number above 0'):
        build(Segmenter(), encoder_lr_mult=factor)


def test_no_encoder():
    with pytest.raises(UserError, match='has no backbone'):
        build(Segmenter(with_backbone=False), encoder_lr_mult=0.1)
