"""Cross entropy with label smoothing, for proposals and pixels."""

from math import log

import pytest
import torch
from mmdet.registry import MODELS
from mmengine.registry import MODELS as ROOT_MODELS
from mmengine.structures import PixelData
from mmseg.models import FCNHead
from mmseg.structures import SegDataSample

from custom_modules.losses import SmoothedCrossEntropyLoss
from custom_modules.utils import UserError

pytestmark = pytest.mark.fast
LOGITS = torch.tensor([[log(3), 0.0], [0.0, 0.0], [log(3), 0.0]])  # probabilities 3/4 and 1/4; halves
LABELS = torch.tensor([0, 1, 1])
# smoothing 0.2: 0.9 of the label, 0.1 of the other
LOSSES = [0.9 * log(4 / 3) + 0.1 * log(4), log(2), 0.1 * log(4 / 3) + 0.9 * log(4)]
OPTIONS = {
    'mean': ({}, sum(LOSSES) / 3),
    'sum': ({'reduction_override': 'sum'}, sum(LOSSES)),
    'none': ({'reduction_override': 'none'}, LOSSES),
    'weights and divisor': ({'weight': torch.tensor([1.0, 0, 2]), 'avg_factor': 4}, (LOSSES[0] + 2 * LOSSES[2]) / 4),
    'ignored label': ({'ignore_index': 0}, (LOSSES[1] + LOSSES[2]) / 2),
}


@pytest.mark.parametrize('options, expected', OPTIONS.values(), ids=OPTIONS)
def test_values(options, expected):
    loss = SmoothedCrossEntropyLoss(0.2)(LOGITS, LABELS, **options)
    torch.testing.assert_close(loss, torch.tensor(expected))


def test_without_smoothing_it_is_upstream_s():
    logits, labels, weight = torch.randn(20, 5), torch.arange(20) % 5, torch.rand(20)
    cfg = {'loss_weight': 2.0, 'class_weight': [1.0, 2, 3, 4, 5]}
    ours = MODELS.build({'type': 'SmoothedCrossEntropyLoss', 'label_smoothing': 0.0, **cfg})
    upstream = MODELS.build({'type': 'CrossEntropyLoss', **cfg})
    torch.testing.assert_close(
        ours(logits, labels, weight, avg_factor=9), upstream(logits, labels, weight, avg_factor=9)
    )


def test_pixels_with_ignored_ones():
    """Four pixels with two logits each, one of them not labelled; nothing labelled costs nothing."""
    logits = torch.stack([LOGITS[0], LOGITS[1], LOGITS[2], LOGITS[0]]).T.reshape(1, 2, 2, 2).requires_grad_()
    loss = ROOT_MODELS.build({'type': 'SmoothedCrossEntropyLoss', 'label_smoothing': 0.2, 'ignore_index': 255})
    assert loss(logits, torch.tensor([[[0, 1], [1, 255]]])).item() == pytest.approx(sum(LOSSES) / 3)
    nothing = loss(logits, torch.full((1, 2, 2), 255))
    nothing.backward()
    assert nothing.item() == 0 and (logits.grad == 0).all()


def test_a_decode_head_of_mmseg_uses_it():
    torch.manual_seed(0)
    head = FCNHead(
        in_channels=4, channels=4, num_convs=1, num_classes=3, norm_cfg={'type': 'BN'}, concat_input=False,
        loss_decode={'type': 'SmoothedCrossEntropyLoss', 'label_smoothing': 0.2, 'loss_weight': 3.0},
    )  # fmt: skip
    sample = SegDataSample(gt_sem_seg=PixelData(data=torch.tensor([[[0, 255], [2, 1]]])))
    logits = torch.zeros(1, 3, 2, 2, requires_grad=True)
    losses = head.loss_by_feat(logits, [sample])
    losses['loss_ce'].backward()
    assert losses['loss_ce'].item() == pytest.approx(3 * log(3))
    assert (logits.grad[0, :, 0, 1] == 0).all() and (logits.grad[0, :, 0, 0] != 0).all()


def test_bfloat16_is_widened():
    loss = SmoothedCrossEntropyLoss(0.2)(LOGITS.bfloat16(), LABELS)
    assert loss.dtype == torch.float32 and loss.item() == pytest.approx(sum(LOSSES) / 3, rel=1e-2)


@pytest.mark.parametrize('smoothing', [-0.1, 1.0])
def test_wrong_smoothing(smoothing):
    with pytest.raises(UserError, match=r'must be in \[0, 1\)'):
        SmoothedCrossEntropyLoss(smoothing)
