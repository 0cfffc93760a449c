"""U-Net's decoder: sizes, weights, and who sees whom."""

import pytest
import torch
from mmengine.registry import DefaultScope
from mmseg.registry import MODELS

WIDTHS = [4, 6, 8]


def make_head(**changes) -> torch.nn.Module:
    cfg = {'type': 'UNetDecodeHead', 'in_channels': WIDTHS, 'in_index': [0, 1, 2], 'up_channels': (10, 12)}
    with DefaultScope.overwrite_default_scope('mmseg'):
        return MODELS.build({**cfg, 'channels': 5, 'num_classes': 3, 'norm_cfg': {'type': 'BN'}, **changes})


def maps(sizes) -> list[torch.Tensor]:
    torch.manual_seed(0)
    return [torch.randn(2, width, *size) for width, size in zip(WIDTHS, sizes, strict=True)]


@pytest.mark.parametrize(
    'sizes', [[(16, 24), (8, 12), (4, 6)], [(15, 21), (8, 11), (4, 6)]], ids=['halves', 'rounded up']
)
def test_twice_the_finest_map(sizes):
    height, width = sizes[0]
    assert make_head()(maps(sizes)).shape == (2, 3, 2 * height, 2 * width)


def test_weights_by_hand():
    """A step sees what comes from below beside its level: 8 + 6 -> 10, 10 + 4 -> 12, and 12 -> 5 alone."""
    steps = make_head().steps
    assert [step[0].conv.weight.shape[:2] for step in steps] == [(10, 14), (12, 14), (5, 12)]
    assert [step[1].conv.weight.shape[:2] for step in steps] == [(10, 10), (12, 12), (5, 5)]


def test_every_level_counts():
    levels = [part.requires_grad_() for part in maps([(8, 8), (4, 4), (2, 2)])]
    make_head()(levels).square().sum().backward()
    assert all(level.grad.abs().sum() > 0 for level in levels)


def test_a_step_for_each_level():
    with pytest.raises(ValueError, match='1 up_channels for 3 levels'):
        make_head(up_channels=(10,))
