"""Every parameter of a Swin detector gets the rate of its layer, and no decay where none belongs."""

import pytest
import torch
from mmdet.models.backbones import SwinTransformer
from mmengine.optim import build_optim_wrapper
from mmengine.registry import PARAM_SCHEDULERS

from custom_modules.engine.optimizers.swin_layer_decay import swin_layer
from custom_modules.utils import UserError

pytestmark = pytest.mark.fast

DEPTHS = [1, 2, 1, 1]  # five blocks: everything above them is layer 6


class Detector(torch.nn.Module):
    """A small Swin with something above it."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = SwinTransformer(embed_dims=8, depths=DEPTHS, num_heads=[1, 1, 2, 2], window_size=4)
        self.neck = torch.nn.Conv2d(64, 8, 1)


def groups(model: torch.nn.Module, **paramwise) -> dict[str, dict]:
    """Build the optimizer and return the group of each parameter by its name."""
    no_decay = {'relative_position_bias_table': {'decay_mult': 0.0}}
    config = {
        'type': 'OptimWrapper',
        'constructor': 'SwinLayerDecayConstructor',
        'optimizer': {'type': 'AdamW', 'lr': 1.0, 'weight_decay': 0.05},
        'paramwise_cfg': {'norm_decay_mult': 0.0, 'custom_keys': no_decay, **paramwise},
    }
    optimizer = build_optim_wrapper(model, config).optimizer
    owner = {id(parameter): group for group in optimizer.param_groups for parameter in group['params']}
    return {name: owner[id(parameter)] for name, parameter in model.named_parameters()}


@pytest.mark.parametrize(
    ('name', 'layer'),
    [
        ('backbone.patch_embed.projection.weight', 0),
        ('backbone.absolute_pos_embed', 0),
        ('backbone.stages.0.blocks.0.attn.w_msa.qkv.weight', 1),
        ('backbone.stages.0.downsample.reduction.weight', 1),
        ('backbone.stages.1.blocks.0.norm1.weight', 2),
        ('backbone.stages.1.blocks.1.ffn.layers.1.bias', 3),
        ('backbone.stages.1.downsample.norm.weight', 3),
        ('backbone.stages.3.blocks.0.norm2.bias', 5),
        ('backbone.norm3.weight', 6),
        ('neck.weight', 6),
    ],
)
def test_layers(name, layer):
    assert swin_layer(name, DEPTHS) == layer


def test_rates_and_decays_of_a_detector():
    found = groups(Detector(), decay_rate=0.5)
    assert {
        name: group['lr'] for name, group in found.items() if name.endswith(('qkv.weight', 'projection.weight'))
    } == {
        'backbone.patch_embed.projection.weight': 0.5**6,
        'backbone.stages.0.blocks.0.attn.w_msa.qkv.weight': 0.5**5,
        'backbone.stages.1.blocks.0.attn.w_msa.qkv.weight': 0.5**4,
        'backbone.stages.1.blocks.1.attn.w_msa.qkv.weight': 0.5**3,
        'backbone.stages.2.blocks.0.attn.w_msa.qkv.weight': 0.5**2,
        'backbone.stages.3.blocks.0.attn.w_msa.qkv.weight': 0.5,
    }
    assert found['neck.weight']['lr'] == found['backbone.norm0.weight']['lr'] == 1.0
    without = {name for name, group in found.items() if group['weight_decay'] == 0}
    assert without == {name for name in found if 'norm' in name or 'bias_table' in name}
    assert len({id(group) for group in found.values()}) < 20  # of about ninety parameters


def test_other_multipliers_stay():
    found = groups(Detector(), decay_rate=0.5, custom_keys={'backbone': {'lr_mult': 0.1}})
    assert found['backbone.stages.3.blocks.0.norm1.weight']['lr'] == pytest.approx(0.05)


def test_schedules_keep_the_ratio_of_the_layers():
    model = Detector()
    config = {
        'constructor': 'SwinLayerDecayConstructor',
        'optimizer': {'type': 'AdamW', 'lr': 0.1},
        'paramwise_cfg': {'decay_rate': 0.5},
    }
    wrapper = build_optim_wrapper(model, config)
    cosine = {'type': 'CosineAnnealingWarmUpRestarts', 'T_0': 4, 'T_up': 2, 'eta_max': 0.8, 'optimizer': wrapper}
    scheduler = PARAM_SCHEDULERS.build(cosine)
    for _ in range(2):
        wrapper.step()
        scheduler.step()
    rates = sorted({group['lr'] for group in wrapper.optimizer.param_groups}, reverse=True)
    assert rates == pytest.approx([0.8 * 0.5**layer for layer in range(7)])
    assert wrapper.get_lr()['base_lr'] == [pytest.approx(0.8)]


@pytest.mark.parametrize('rate', [None, 0, 1.5, 'fast'])
def test_a_wrong_rate_is_one_line(rate):
    with pytest.raises(UserError, match='decay_rate is'):
        groups(Detector(), decay_rate=rate)


def test_another_backbone_is_refused():
    model = torch.nn.Module()
    model.backbone = torch.nn.Linear(2, 2)
    with pytest.raises(UserError, match='is a Linear, not a Swin'):
        groups(model, decay_rate=0.9)
