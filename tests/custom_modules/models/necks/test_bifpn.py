"""The weighted bi-directional pyramid against its equations, and in the places where an FPN stands."""

import pytest
import torch
from mmdet.registry import MODELS

from custom_modules.models.necks.bifpn import BiFPN, BiFPNLayer, WeightedFusion, halve, resize


def maps(sizes, channels=8, batch=2) -> list[torch.Tensor]:
    return [torch.randn(batch, channels, *size) for size in sizes]


@pytest.mark.fast
@pytest.mark.parametrize(
    ('weights', 'expected'),
    [
        # sum(w_i x_i) / (0.0001 + sum(w_i)) with x = 1, 4
        pytest.param([1.0, 1.0], 5 / 2.0001, id='equal'),
        pytest.param([3.0, 1.0], 7 / 4.0001, id='three-to-one'),
        pytest.param([-2.0, 1.0], 4 / 1.0001, id='negative-counts-as-zero'),
        pytest.param([0.0, 0.0], 0.0, id='all-zero'),
    ],
)
def test_fast_normalised_fusion(weights, expected):
    fusion = WeightedFusion(2)
    fusion.weight.data = torch.tensor(weights)
    fused = fusion([torch.full((1, 2, 3, 3), 1.0), torch.full((1, 2, 3, 3), 4.0)])
    torch.testing.assert_close(fused, torch.full((1, 2, 3, 3), expected))


@pytest.mark.fast
def test_fusion_gradients():
    """d/dw_1 of (w_1 x_1 + w_2 x_2) / (w_1 + w_2 + eps) is (x_1 - fused) / (w_1 + w_2 + eps); below zero it is 0."""
    fusion = WeightedFusion(3)
    fusion.weight.data = torch.tensor([3.0, 1.0, -1.0])
    fused = fusion([torch.tensor(value) for value in (1.0, 4.0, 9.0)])
    fused.backward()
    expected = torch.tensor([(1 - 7 / 4.0001) / 4.0001, (4 - 7 / 4.0001) / 4.0001, 0.0])
    torch.testing.assert_close(fusion.weight.grad, expected)


@pytest.mark.fast
def test_a_layer_wires_the_levels_as_the_paper_draws_them():
    """Three levels, nodes without convolution: the equations of section 3.3 worked out with numbers."""
    layer = BiFPNLayer(3, 4, dict(type='GN', num_groups=1), dict(type='SiLU'))
    for node in (*layer.top_down, *layer.bottom_up):
        node.act = node.conv = torch.nn.Identity()
    outputs = layer([torch.full((1, 4, size, size), value) for size, value in ((8, 1.0), (4, 3.0), (2, 5.0))])
    middle = (3 + 5) / 2.0001
    finest = (1 + middle) / 2.0001
    expected = [finest, second := (3 + middle + finest) / 3.0001, (5 + second) / 2.0001]
    for output, size, value in zip(outputs, (8, 4, 2), expected, strict=True):
        torch.testing.assert_close(output, torch.full((1, 4, size, size), value))


@pytest.mark.parametrize(('num_ins', 'num_outs'), [(i, o) for i in range(1, 5) for o in range(2, 7) if o >= i])
def test_any_number_of_levels(num_ins, num_outs):
    inputs = maps([(32 >> level, 48 >> level) for level in range(num_ins)])
    outputs = BiFPN([8] * num_ins, 16, num_outs, num_layers=2)(inputs)
    expected, (height, width) = [], (32, 48)
    for _ in range(num_outs):
        expected.append((2, 16, height, width))
        height, width = -(-height // 2), -(-width // 2)
    assert [tuple(output.shape) for output in outputs] == expected


@pytest.mark.parametrize(
    'sizes',
    [
        pytest.param([(33, 17), (17, 9), (9, 5), (5, 3)], id='rounded-up'),
        pytest.param([(33, 17), (16, 8), (8, 4), (4, 2)], id='rounded-down'),
        pytest.param([(3, 40), (2, 20), (1, 10), (1, 5)], id='one-row'),
        pytest.param([(1, 1), (1, 1), (1, 1), (1, 1)], id='single-points'),
    ],
)
def test_odd_sizes_are_kept(sizes):
    outputs = BiFPN([8, 8, 8, 8], 8, 5)(maps(sizes, batch=1))
    assert [tuple(output.shape[-2:]) for output in outputs[:4]] == sizes


@pytest.mark.fast
def test_sizes_are_brought_by_repeating_and_by_maxima():
    coarse = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    assert resize(coarse, (3, 4))[0, 0].tolist() == [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4]]
    fine = torch.arange(16.0).reshape(1, 1, 4, 4)
    assert halve(fine)[0, 0].tolist() == [[5, 7], [13, 15]]
    assert torch.equal(resize(fine, (2, 2)), halve(fine))
    assert resize(fine, (4, 4)) is fine


@pytest.mark.parametrize(('num_layers', 'num_outs', 'extra'), [(1, 3, True), (3, 5, True), (2, 5, False)])
def test_number_of_parameters(num_layers, num_outs, extra):
    """Levels n, channels C, inputs c_i: a 1 x 1 and a norm each, then 2 (n - 1) nodes and 5 n - 6 weights a layer."""
    ins, c, n = [4, 6, 10], 16, num_outs
    lateral = sum(channels * c + 2 * c for channels in ins)
    further = ins[-1] * c + 2 * c if extra and n > len(ins) else 0
    node = 9 * c + c * c + 2 * c
    expected = lateral + further + num_layers * (2 * (n - 1) * node + 5 * n - 6)
    neck = BiFPN(ins, c, n, num_layers=num_layers, add_extra_convs=extra)
    assert sum(parameter.numel() for parameter in neck.parameters()) == expected


def test_every_parameter_learns():
    neck = BiFPN([4, 8, 16], 16, 5)
    neck.init_weights()
    outputs = neck([torch.randn(1, 4 << level, 32 >> level, 32 >> level) for level in range(3)])
    sum((output * torch.randn_like(output)).sum() for output in outputs).backward()
    still = [name for name, parameter in neck.named_parameters() if not parameter.grad.abs().sum() > 0]
    assert not still


def test_levels_are_selected_as_an_fpn_does():
    inputs = [torch.randn(1, 4 << level, 32 >> level, 32 >> level) for level in range(4)]
    options = dict(in_channels=[4, 8, 16, 32], out_channels=8, start_level=1)
    for more in (dict(num_outs=5, add_extra_convs='on_input'), dict(num_outs=2, end_level=2)):
        ours, theirs = (MODELS.build(dict(type=name, **options, **more))(inputs) for name in ('BiFPN', 'FPN'))
        assert [output.shape for output in ours] == [output.shape for output in theirs]


@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16], ids=str)
def test_mixed_precision(dtype):
    neck = BiFPN([8, 8], 8, 3)
    with torch.autocast('cpu', dtype=torch.bfloat16, enabled=dtype is torch.bfloat16):
        outputs = neck(maps([(8, 8), (4, 4)]))
    assert all(output.isfinite().all() for output in outputs)


@pytest.mark.fast
@pytest.mark.parametrize(
    ('options', 'message'),
    [
        pytest.param(dict(num_outs=2), 'num_outs=2 is too few for 3 levels', id='few-outputs'),
        pytest.param(dict(num_outs=1, start_level=2), 'at least two are fused', id='one-level'),
        pytest.param(dict(num_outs=5, start_level=3), r'select levels \[\]', id='no-level'),
        pytest.param(dict(num_outs=3, end_level=5), 'of a backbone with 3', id='beyond'),
        pytest.param(dict(num_outs=5, add_extra_convs='on_output'), "'on_input' or 'on_lateral'", id='extra'),
    ],
)
def test_mistakes_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        BiFPN([8, 8, 8], 8, **options)


def test_a_wrong_number_of_inputs_is_refused():
    with pytest.raises(ValueError, match='2 levels given, in_channels names 3'):
        BiFPN([8, 8, 8], 8, 3)(maps([(8, 8), (4, 4)]))


@pytest.mark.parametrize('channels', [2, 3, 6, 48, 97, 256])
def test_group_norms_fit_any_width(channels):
    neck = BiFPN([4, 4], channels, 2, num_layers=1)
    groups = neck.lateral_convs[0].norm.num_groups
    assert channels % groups == 0 and groups <= 32 and (groups == 1 or channels // groups >= 2)
