"""FCN-8s begins as the interpolation of its coarsest scores, and adds the finer ones."""

import pytest
import torch
import torch.nn.functional as F
from mmengine.registry import DefaultScope
from mmseg.registry import MODELS

from custom_modules.models.decode_heads.fcn8s_head import bilinear_doubling

WIDTHS = [4, 6, 8]


@pytest.fixture
def head() -> torch.nn.Module:
    torch.manual_seed(0)
    cfg = {'type': 'FCN8sHead', 'in_channels': WIDTHS, 'in_index': [0, 1, 2], 'num_classes': 3}
    with DefaultScope.overwrite_default_scope('mmseg'):
        head = MODELS.build(cfg)
    head.init_weights()
    return head.eval()


def maps(sizes) -> list[torch.Tensor]:
    torch.manual_seed(0)
    return [torch.randn(1, width, *size) for width, size in zip(WIDTHS, sizes, strict=True)]


def test_doubling_is_bilinear():
    """Inside; the border's cells have a neighbour of zero."""
    scores = torch.randn(1, 2, 5, 7)
    doubled = F.conv_transpose2d(scores, bilinear_doubling(2), stride=2, padding=1)
    expected = F.interpolate(scores, scale_factor=2, mode='bilinear', align_corners=False)
    torch.testing.assert_close(doubled[..., 1:-1, 1:-1], expected[..., 1:-1, 1:-1])


def test_begins_as_the_coarsest(head):
    levels = maps([(16, 16), (8, 8), (4, 4)])
    with torch.no_grad():
        expected = F.interpolate(head.conv_seg(levels[2]), scale_factor=2, mode='bilinear')
        expected = F.interpolate(expected, scale_factor=2, mode='bilinear')
        found = head(levels)
    torch.testing.assert_close(found[..., 4:-4, 4:-4], expected[..., 4:-4, 4:-4])


def test_finer_scores_are_added(head):
    """A score of 1 everywhere at stride 16 arrives as 1 at stride 8, one of 10 there adds to it."""
    levels = maps([(16, 16), (8, 8), (4, 4)])
    with torch.no_grad():
        before = head(levels)
        head.scores[1].bias.fill_(1)
        head.scores[0].bias.fill_(10)
        more = (head(levels) - before)[..., 2:-2, 2:-2]
    torch.testing.assert_close(more, torch.full_like(more, 11))


def test_all_of_it_learns(head):
    head(maps([(16, 16), (8, 8), (4, 4)])).square().sum().backward()
    assert all(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in head.parameters())


def test_sides_that_do_not_halve(head):
    """A picture of 120 x 88 px: pooling rounds down."""
    assert head(maps([(15, 11), (7, 5), (3, 2)])).shape == (1, 3, 15, 11)
