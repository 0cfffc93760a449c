"""ResNets whose only activation behind a convolution is the norm."""

import pytest
import torch
from mmengine.registry import DefaultScope
from mmseg.models.backbones import ResNet, ResNetV1c, ResNetV1d, ResNeXt
from mmseg.registry import MODELS
from torch import nn

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
