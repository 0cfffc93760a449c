"""Dilated EfficientNets: upstream's weights, the same values where both have a cell, finer maps."""

import pytest
import torch
from mmdet.models.backbones import EfficientNet

from custom_modules.models import DilatedEfficientNet

# Published (Tan and Le, 2019, table 2), less the classifier and the convolution in front of it.
MILLIONS = {'b0': 5.3 - 1.28 - 0.41, 'b1': 7.8 - 1.28 - 0.41, 'b4': 19.3 - 1.79 - 0.81, 'b5': 30.4 - 2.05 - 1.05}


@pytest.mark.parametrize('arch', MILLIONS)
def test_weights_are_upstream_s(arch):
    """Names and shapes, whatever the stride."""
    own = {key: weight.shape for key, weight in DilatedEfficientNet(arch, output_stride=8).state_dict().items()}
    assert own == {key: value.shape for key, value in EfficientNet(arch, out_indices=(5,)).state_dict().items()}
    millions = sum(shape.numel() for key, shape in own.items() if key.endswith(('.weight', '.bias'))) / 1e6
    assert millions == pytest.approx(MILLIONS[arch], abs=0.06)


@pytest.mark.parametrize(('stride', 'last'), [(32, (2, 3)), (16, (4, 6)), (8, (8, 12))])
def test_sizes(stride, last):
    model = DilatedEfficientNet('b0', output_stride=stride)
    model.eval()  # returns nothing here
    maps = model(torch.zeros(1, 3, 64, 96))
    assert [part.shape[1] for part in maps] == [16, 24, 40, 112, 320]
    finer = [(32, 48), (16, 24), (8, 12)]
    assert [tuple(part.shape[2:]) for part in maps[:3]] == finer
    assert tuple(maps[4].shape[2:]) == last


def without_squeeze(model):
    """Leave out the means over the whole map, which is another one."""
    for module in model.modules():
        if hasattr(module, 'se'):
            module.se = torch.nn.Identity()
    model.eval()
    return model.double()


@pytest.mark.parametrize('stride', [16, 8])
def test_every_second_cell_is_as_before(stride):
    """Of a stride of two, paddings of one side make the second cell of two the one that is kept."""
    torch.manual_seed(0)
    plain = without_squeeze(EfficientNet('b0', out_indices=(5,), norm_cfg={'type': 'BN', 'eps': 1e-3}))
    dilated = without_squeeze(DilatedEfficientNet('b0', output_stride=stride, out_indices=(5,)))
    for name, value in plain.state_dict().items():
        if name.endswith('running_mean'):
            value.normal_(0, 0.1)
    dilated.load_state_dict(plain.state_dict())
    picture = torch.randn(1, 3, 128, 160, dtype=torch.float64)
    with torch.no_grad():
        (before,), (after,) = plain(picture), dilated(picture)
    step = 32 // stride
    torch.testing.assert_close(after[..., step - 1 :: step, step - 1 :: step], before, rtol=1e-9, atol=1e-12)


def test_settings_of_the_published_weights():
    model = DilatedEfficientNet('b0')
    norms = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    assert {(norm.eps, norm.momentum) for norm in norms} == {(1e-3, 0.01)}
    blocks = [block for stage in model.layers[1:] for block in stage]
    drops = [getattr(block.drop_path, 'drop_prob', 0.0) for block in blocks]
    assert drops == pytest.approx([0.2 * i / 15 for i in range(16)])


def test_a_small_one():
    """The arch's widths are multiples of 8: an eighth of each is what heads with an eighth of the width expect."""
    model = DilatedEfficientNet('b4', widen_factor=1 / 8, deepen_factor=0.1)
    maps = model(torch.zeros(2, 3, 64, 64))
    assert [part.shape[1] for part in maps] == [3, 4, 7, 20, 56]
    assert [len(stage) for stage in model.layers[1:]] == [1, 1, 1, 3, 3]
    sum(part.square().mean() for part in maps).backward()
    assert all(weight.grad is not None for weight in model.parameters())


@pytest.mark.fast
@pytest.mark.parametrize('wrong', [{'arch': 'es'}, {'output_stride': 4}, {'out_indices': (6,)}], ids=str)
def test_what_it_is_not(wrong):
    with pytest.raises(ValueError, match=f'DilatedEfficientNet: {next(iter(wrong))}='):
        DilatedEfficientNet(**wrong)
