"""Backbones whose only activation behind a convolution is the norm."""

import pytest
import torch
from mmcv.cnn import ConvModule
from mmengine.registry import DefaultScope
from mmseg.models.backbones import ResNet, ResNetV1c, ResNetV1d, ResNeXt
from mmseg.registry import MODELS
from torch import nn

from custom_modules.models.evonorm_check import check_evonorms
from custom_modules.utils import UserError

pytestmark = pytest.mark.fast
KINDS = {'EvoResNet': ResNet, 'EvoResNetV1c': ResNetV1c, 'EvoResNetV1d': ResNetV1d, 'EvoResNeXt': ResNeXt}


def make(kind: str, norm: dict) -> nn.Module:
    torch.manual_seed(0)
    options = {'depth': 50, 'stem_channels': 8, 'base_channels': 8, 'norm_cfg': norm}
    options |= {'groups': 2, 'base_width': 4} if 'NeXt' in kind else {}
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build({'type': kind, **options})
    model.init_weights()
    return model


@pytest.mark.parametrize('kind', KINDS)
def test_no_relu_is_left_but_those_after_sums(kind):
    model = make(kind, {'type': 'EvoNormS0', 'num_groups': 2})
    assert not any(isinstance(module, nn.ReLU) for module in model.modules())
    assert [tuple(one.shape) for one in model(torch.randn(1, 3, 32, 32))][-1] == (1, 256, 1, 1)
    if 'NeXt' not in kind:  # upstream's zero_init_residual, which its ResNeXt does not have, reaches the scale
        assert (model.layer1[0].norm3.weight == 0).all() and (model.layer1[0].norm2.weight == 1).all()


@pytest.mark.parametrize('kind, upstream', KINDS.items())
def test_with_batch_norms_it_is_upstream_s(kind, upstream):
    ours, theirs = make(kind, {'type': 'BN'}), make(upstream.__name__, {'type': 'BN'})
    x = torch.randn(2, 3, 32, 32)
    for one, other in zip(ours(x), theirs(x), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize('norm', ['EvoNormS0', 'EvoNormB0'])
def test_efficientnet_has_no_activation_behind_a_norm_and_linear_ends(norm):
    torch.manual_seed(0)
    settings = {'widen_factor': 0.25, 'deepen_factor': 0.0, 'norm_cfg': {'type': norm}}
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build({'type': 'EvoDilatedEfficientNet', 'arch': 'b0', **settings})
    for name, module in model.named_modules():
        if isinstance(module, ConvModule) and module.with_norm:
            assert not module.with_activation
            assert (module.norm.v is None) == name.endswith('linear_conv')
    maps = model(torch.randn(2, 3, 64, 64))
    assert all(one.isfinite().all() for one in maps)


@pytest.mark.parametrize(
    ('model', 'message'),
    [
        pytest.param(
            {'backbone': {'type': 'ResNetV1c', 'norm_cfg': {'type': 'EvoNormS0'}}}, 'ResNetV1c has', id='relu'
        ),
        pytest.param({'backbone': {'type': 'EvoResNetV1c', 'norm_cfg': {'type': 'EvoNormS0'}}}, None, id='own'),
        pytest.param({'backbone': {'type': 'ResNetV1c', 'norm_cfg': {'type': 'BN'}}}, None, id='another-norm'),
        pytest.param(
            {'decode_head': {'type': 'FCNHead', 'norm_cfg': {'type': 'EvoNormB0'}}}, 'act_cfg=None beside', id='head'
        ),
        pytest.param(
            {'decode_head': {'type': 'FCNHead', 'norm_cfg': {'type': 'EvoNormB0'}, 'act_cfg': None}}, None, id='bare'
        ),
    ],
)
def test_a_doubled_activation_is_refused_in_a_config(model, message):
    model = {'type': 'EncoderDecoder', **model}
    if message is None:
        check_evonorms(model)
        return
    with pytest.raises(UserError, match=message):
        check_evonorms(model)
