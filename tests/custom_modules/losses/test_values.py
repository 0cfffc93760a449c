"""The formulas: values worked out by hand, derivatives, and agreement with upstream where that has the same loss.

One pair is worked out for all: the prediction (0, 0, 10, 10) and the target (0, 0, 10, 20).  Overlap 100, union 200,
IoU 0.5.  Centers (5, 5) and (5, 10): squared distance 25; the enclosing box has a squared diagonal of 500: 0.05.
Angles of the aspect ratios atan(1) = 0.785398 and atan(0.5) = 0.463648: v = 4 / pi^2 * 0.321751^2 = 0.041956, trade-off
0.041956 / (0.5 + 0.041956) = 0.077417, product 0.003248.
"""

import math

import pytest
import torch
from mmdet.registry import MODELS

from custom_modules.losses import alpha_iou_loss, inner_iou_loss, mpdiou_loss, nwd_loss, wiou_loss
from custom_modules.losses.box_geometry import aspect_penalty, center_penalty, iou
from custom_modules.utils import UserError

pytestmark = pytest.mark.fast
PRED, TARGET = torch.tensor([[0.0, 0, 10, 10]]), torch.tensor([[0.0, 0, 10, 20]])

VALUES = {
    'alpha IoU: 1 - 0.5^3': ({'type': 'AlphaIoULoss', 'base': 'iou'}, 0.875),
    'alpha DIoU: + 0.05^3': ({'type': 'AlphaIoULoss', 'base': 'diou'}, 0.875125),
    'alpha CIoU: + 0.003248^3': ({'type': 'AlphaIoULoss', 'base': 'ciou'}, 0.875125034),
    'alpha of 2: 1 - 0.25 + 0.0025': ({'type': 'AlphaIoULoss', 'base': 'diou', 'alpha': 2}, 0.7525),
    'alpha of 1 is DIoU': ({'type': 'AlphaIoULoss', 'base': 'diou', 'alpha': 1}, 0.55),
    # corners (0, 0) apart by 0 and (10, 10), (10, 20) by 10; 30^2 + 40^2 = 2500
    'MPDIoU: 0.5 + 100 / 2500': ({'type': 'MPDIoULoss', 'picture_size': (30, 40)}, 0.54),
    'MPDIoU in the enclosing box: 0.5 + 100 / 500': ({'type': 'MPDIoULoss'}, 0.7),
    # mean 1: beta 0.5, r = 0.5 / (3 * 1.9^-2.5) = 0.829340; R = exp(0.05) = 1.051271
    'WIoU: 0.829340 * 1.051271 * 0.5': ({'type': 'WIoULoss'}, 0.435931),
    # halves: (2.5, 2.5, 7.5, 7.5) and (2.5, 5, 7.5, 15), overlap 12.5, union 25 + 50 - 12.5
    'inner IoU: 1 - 12.5 / 62.5': ({'type': 'InnerIoULoss', 'base': 'iou', 'ratio': 0.5}, 0.8),
    'inner DIoU: + 0.05': ({'type': 'InnerIoULoss', 'base': 'diou', 'ratio': 0.5}, 0.85),
    'inner CIoU: + 0.003248': ({'type': 'InnerIoULoss', 'base': 'ciou', 'ratio': 0.5}, 0.853248),
    'inner of the whole is DIoU': ({'type': 'InnerIoULoss', 'base': 'diou', 'ratio': 1}, 0.55),
    # (5, 5, 5, 5) and (5, 10, 5, 10): 1 - exp(-sqrt(50) / 10)
    'NWD: 1 - exp(-0.707107)': ({'type': 'NWDLoss', 'constant': 10}, 0.506931),
}


@pytest.mark.parametrize('cfg, expected', VALUES.values(), ids=VALUES)
def test_values(build_loss, cfg, expected):
    assert build_loss(cfg)(PRED, TARGET).item() == pytest.approx(expected, abs=2e-6)


def test_wiou_prefers_ordinary_boxes():
    """Mean 0.25: beta 2, r = 2 / (3 * 1.9^-1) = 1.266667.  The factor is largest at beta = 1 / ln 1.9 = 1.56."""
    assert wiou_loss(PRED, TARGET, 0.25).item() == pytest.approx(1.266667 * 1.051271 * 0.5, abs=1e-6)
    factor = {mean: wiou_loss(PRED, TARGET, mean).item() for mean in (0.5 * math.log(1.9), 0.1, 1.0)}
    assert max(factor, key=factor.get) == 0.5 * math.log(1.9)


GENERIC = {
    'alpha IoU': lambda p, t: alpha_iou_loss(p, t, base='iou'),
    'alpha DIoU': lambda p, t: alpha_iou_loss(p, t, base='diou', alpha=2.5),
    'MPDIoU': lambda p, t: mpdiou_loss(p, t, diagonal_squared=900.0),
    'inner IoU': lambda p, t: inner_iou_loss(p, t, base='iou', ratio=0.8),
    'inner DIoU': lambda p, t: inner_iou_loss(p, t, base='diou', ratio=1.3),
    'NWD': lambda p, t: nwd_loss(p, t, constant=20.0),
}


def double_boxes(jittered_boxes):
    pred, target = (boxes.double() for boxes in jittered_boxes(12))
    return torch.cat([pred, pred + 300]).requires_grad_(), torch.cat([target, target])  # the second half lies apart


@pytest.mark.parametrize('loss', GENERIC.values(), ids=GENERIC)
def test_derivatives(jittered_boxes, loss):
    pred, target = double_boxes(jittered_boxes)
    assert torch.autograd.gradcheck(lambda boxes: loss(boxes, target), pred)


def frozen_ciou(boxes, target, constants):
    overlap = iou(boxes, target)
    angle = [torch.atan((b[:, 2] - b[:, 0]) / (b[:, 3] - b[:, 1])) for b in (boxes, target)]
    difference = 4 / math.pi**2 * (angle[0] - angle[1]) ** 2
    return 1 - overlap**3 + center_penalty(boxes, target) ** 3 + (constants * difference) ** 3, difference, overlap


def test_derivative_of_ciou_takes_its_trade_off_for_a_constant(jittered_boxes):
    pred, target = double_boxes(jittered_boxes)
    _, difference, overlap = frozen_ciou(pred.detach(), target, 1)
    constants = difference / (1 - overlap + difference)
    assert torch.autograd.gradcheck(lambda boxes: frozen_ciou(boxes, target, constants)[0], pred)
    grads = [
        torch.autograd.grad(loss.sum(), pred)[0]
        for loss in (frozen_ciou(pred, target, constants)[0], alpha_iou_loss(pred, target, base='ciou'))
    ]
    torch.testing.assert_close(*grads)
    torch.testing.assert_close(aspect_penalty(pred, target, overlap), constants * difference)


def frozen_wiou(boxes, target, focus, diagonal):
    distance = ((boxes[:, :2] + boxes[:, 2:] - target[:, :2] - target[:, 2:]) / 2).square().sum(dim=1)
    return focus * torch.exp(distance / diagonal) * (1 - iou(boxes, target))


def test_derivative_of_wiou_takes_focus_and_diagonal_for_constants(jittered_boxes):
    pred, target = double_boxes(jittered_boxes)
    corners = torch.cat([torch.minimum(pred, target)[:, :2], torch.maximum(pred, target)[:, 2:]], dim=1).detach()
    diagonal = (corners[:, 2:] - corners[:, :2]).square().sum(dim=1)
    beta = (1 - iou(pred.detach(), target)) / 0.4
    focus = beta / (3 * 1.9 ** (beta - 3))
    assert torch.autograd.gradcheck(lambda boxes: frozen_wiou(boxes, target, focus, diagonal), pred)
    losses = frozen_wiou(pred, target, focus, diagonal), wiou_loss(pred, target, 0.4)
    torch.testing.assert_close(*losses)
    torch.testing.assert_close(*[torch.autograd.grad(loss.sum(), pred)[0] for loss in losses])


@pytest.mark.parametrize('base, upstream', [('iou', 'IoULoss'), ('diou', 'DIoULoss'), ('ciou', 'CIoULoss')])
def test_a_power_of_one_is_upstream_s_loss(build_loss, jittered_boxes, base, upstream):
    pred, target = jittered_boxes(64)
    good = iou(pred, target) > 0.5  # upstream's CIoU has no aspect term below
    cfg = {'type': upstream, **({'mode': 'linear'} if base == 'iou' else {})}
    expected = MODELS.build(cfg)(pred[good], target[good])
    assert good.sum() > 20
    torch.testing.assert_close(
        build_loss({'type': 'AlphaIoULoss', 'base': base, 'alpha': 1})(pred[good], target[good]), expected
    )


def test_nwd_scales_with_its_constant():
    assert nwd_loss(PRED, TARGET, constant=10) == pytest.approx(nwd_loss(3 * PRED, 3 * TARGET, constant=30))


MISTAKES = {
    'base': ({'type': 'AlphaIoULoss', 'base': 'giou'}, "base='giou': must be one of 'iou', 'diou', 'ciou'"),
    'alpha': ({'type': 'AlphaIoULoss', 'alpha': 0.5}, 'alpha=0.5: must be at least 1'),
    'ratio': ({'type': 'InnerIoULoss', 'ratio': 0}, 'ratio=0: must be positive'),
    'picture': ({'type': 'MPDIoULoss', 'picture_size': (1024,)}, 'give width and height'),
    'constant': ({'type': 'NWDLoss', 'constant': -1}, 'constant=-1: must be positive'),
    'settling': ({'type': 'WIoULoss', 'settle_iterations': 0}, 'settle_iterations=0: must be at least 1'),
}


@pytest.mark.parametrize('cfg, said', MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_told_in_a_line(build_loss, cfg, said):
    with pytest.raises(UserError, match=said) as error:
        build_loss(cfg)
    assert '\n' not in str(error.value)
