"""EvoNorms in upstream's modules: one activation behind a convolution, also in residual blocks."""

import copy
import pickle

import pytest
import torch
from mmcv.cnn import ConvModule
from mmdet.models import ResNet as DetectionResNet
from mmseg.models.backbones import HRNet, ResNetV1c
from torch import nn

from custom_modules.models import EvoNormS0, drop_doubled_activations

pytestmark = pytest.mark.fast
NORM = {'type': 'EvoNormS0', 'num_groups': 2}
SMALL = {'depth': 18, 'stem_channels': 8, 'base_channels': 8}


def test_conv_module_without_activation_is_the_paper_s_layer():
    """By the config, or afterwards; with its ReLU the small negative values would be gone."""
    torch.manual_seed(0)
    plain = ConvModule(3, 8, 1, norm_cfg=NORM, act_cfg=None)
    x = torch.randn(2, 3, 4, 4)
    expected = plain.norm(plain.conv(x))
    assert plain.norm_name == 'evonorm' and (expected < 0).any()
    torch.testing.assert_close(plain(x), expected)
    doubled = ConvModule(3, 8, 1, norm_cfg=NORM)
    doubled.load_state_dict(plain.state_dict())
    assert (doubled(x) >= 0).all()
    drop_doubled_activations(doubled)
    torch.testing.assert_close(doubled(x), expected)


@pytest.mark.parametrize('order', [('act', 'conv', 'norm'), ('norm', 'conv', 'act')])
def test_an_activation_that_does_not_follow_stays(order):
    module = ConvModule(8, 8, 1, norm_cfg=NORM, order=order)
    drop_doubled_activations(module)
    assert module.with_activation


def reference_block(block: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """A residual block as the authors of EvoNorm have it: activated inside, affine last, ReLU after the sum."""
    convs = [block.conv1, block.conv2, *([block.conv3] if hasattr(block, 'conv3') else [])]
    norms = [block.norm1, block.norm2, *([block.norm3] if hasattr(block, 'norm3') else [])]
    out = x
    for conv, norm in zip(convs[:-1], norms[:-1], strict=True):
        out = norm(conv(out))
    scale, shift = (value.view(1, -1, 1, 1) for value in (norms[-1].weight, norms[-1].bias))
    out = convs[-1](out) * scale + shift
    if block.downsample is not None:
        *before, norm = block.downsample
        x = nn.Sequential(*before)(x) * norm.weight.view(1, -1, 1, 1) + norm.bias.view(1, -1, 1, 1)
    return torch.relu(out + x)


@pytest.mark.parametrize('backbone', [ResNetV1c, DetectionResNet], ids=['mmseg', 'mmdet'])
@pytest.mark.parametrize('depth', [18, 50])
def test_residual_blocks(backbone, depth):
    torch.manual_seed(0)
    model = backbone(**{**SMALL, 'depth': depth}, norm_cfg=NORM)
    names = set(model.state_dict())
    drop_doubled_activations(model)
    gone = names - set(model.state_dict())
    assert gone and all(name.endswith('.v') for name in gone) and set(model.state_dict()) < names
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.3)
    x = torch.randn(2, 3, 32, 32)
    maps = model(x)
    x = model.stem(x) if model.deep_stem else model.norm1(model.conv1(x))
    assert (x < 0).any()
    x = model.maxpool(x)
    for name, expected in zip(model.res_layers, maps, strict=True):
        for block in getattr(model, name):
            x = reference_block(block, x)
        torch.testing.assert_close(x, expected)


def test_every_parameter_that_is_left_learns():
    """A parameter without a gradient would hang or end a distributed training."""
    model = ResNetV1c(**SMALL, norm_cfg=NORM)
    drop_doubled_activations(model)
    sum(one.sum() for one in model(torch.randn(2, 3, 32, 32))).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_stems_of_hrnet():
    extra = {
        f'stage{stage}': {
            'num_modules': 1, 'num_branches': stage, 'block': 'BASIC' if stage > 1 else 'BOTTLENECK',
            'num_blocks': (1,) * stage, 'num_channels': tuple(8 * 2**branch for branch in range(stage)),
        }
        for stage in (1, 2, 3, 4)
    }  # fmt: skip
    model = HRNet(extra, norm_cfg=NORM)
    drop_doubled_activations(model)
    assert isinstance(model.relu, nn.Identity)
    assert isinstance(model.stage2[0].relu, nn.ReLU)  # after a sum of branches
    assert all(torch.isfinite(one).all() for one in model(torch.randn(1, 3, 32, 32)))


def test_other_norms_are_left_alone():
    model = ResNetV1c(**SMALL, norm_cfg={'type': 'BN'})
    before, x = copy.deepcopy(model), torch.randn(2, 3, 32, 32)
    drop_doubled_activations(model)
    assert str(model) == str(before)
    for one, other in zip(model(x), before(x), strict=True):
        assert torch.equal(one, other)


def test_copies_work_too():
    """As averaged weights are copies of the model."""
    model = ResNetV1c(**SMALL, norm_cfg=NORM)
    drop_doubled_activations(model)
    x = torch.randn(1, 3, 32, 32)
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        torch.testing.assert_close(twin(x)[-1], model(x)[-1])
    assert any(isinstance(module, EvoNormS0) for module in model.modules())
