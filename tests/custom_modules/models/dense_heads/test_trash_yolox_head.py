"""YOLOX's losses do not depend on whether mixed precision is on, nor on what lies in ignore regions."""

import pytest
import torch
from mmdet.registry import MODELS
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData

from custom_modules.utils import UserError

SIDE = 1024  # px: three digits beyond what bfloat16 can tell apart
ASSIGNER = ConfigDict(assigner={'type': 'SimOTAAssigner', 'center_radius': 2.5})


def losses(kind: str, dtype: torch.dtype) -> dict:
    """Give the losses of a head for predictions of the type, the same numbers for all types."""
    head = MODELS.build({'type': kind, 'num_classes': 2, 'in_channels': 8, 'train_cfg': ASSIGNER})
    draw = torch.Generator().manual_seed(0)
    shapes = [(SIDE // stride, SIDE // stride) for stride in (8, 16, 32)]
    levels = [
        [torch.randn(1, channels, *shape, generator=draw).bfloat16().to(dtype) for shape in shapes]
        for channels in (2, 4, 1)
    ]
    boxes = torch.tensor([[700.0, 800, 733, 841], [950, 900, 1010, 1000]])
    truth = [InstanceData(bboxes=boxes, labels=torch.tensor([0, 1]))]
    with torch.autocast('cpu', dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
        found = head.loss_by_feat(*levels, truth, [{'img_shape': (SIDE, SIDE)}])
    return {name: float(value) for name, value in found.items()}


def test_bfloat16_predictions_are_matched_where_they_are():
    exact = losses('TrashYOLOXHead', torch.float32)
    assert losses('TrashYOLOXHead', torch.bfloat16) == exact
    assert losses('YOLOXHead', torch.float32) == exact  # in single precision it is upstream's head
    assert losses('YOLOXHead', torch.bfloat16)['loss_bbox'] != pytest.approx(exact['loss_bbox'], rel=1e-3)


@pytest.mark.parametrize(
    ('region', 'ignored'),
    [
        pytest.param([0.0, 0, 8, 8], 'by its point', id='around the point of a prior'),
        pytest.param([500.0, 500, 520, 520], 'by its box', id='around the predicted box'),
        pytest.param([20.0, 20, 30, 30], None, id='elsewhere'),
    ],
)
def test_objectness_in_ignore_regions_is_not_learnt(region, ignored):
    """One prior at (4, 4) of stride 8, which predicts a box near (510, 510)."""
    head = MODELS.build({'type': 'TrashYOLOXHead', 'num_classes': 2, 'in_channels': 8, 'train_cfg': ASSIGNER})
    nothing = InstanceData(bboxes=torch.zeros(0, 4), labels=torch.zeros(0).long())
    regions = InstanceData(bboxes=torch.tensor([region]), labels=torch.tensor([0]))
    priors, boxes = torch.tensor([[0.0, 0, 8, 8]]), torch.tensor([[505.0, 505, 515, 515]])
    targets = head._get_targets_single(priors, torch.zeros(1, 2), boxes, torch.zeros(1), nothing, {}, regions)
    losses = [float(head.loss_obj(torch.full((1, 1), logit), targets[2])) for logit in (-4.0, 4.0)]
    assert (losses[0] == losses[1] == 0) if ignored else losses[1] > 4 > losses[0] > 0


def test_a_loss_that_cannot_leave_out_is_refused():
    cfg = {'type': 'TrashYOLOXHead', 'num_classes': 2, 'in_channels': 8, 'loss_obj': {'type': 'FocalLoss'}}
    with pytest.raises(UserError, match='loss_obj=FocalLoss: use CrossEntropyLoss, or set ignore_iof_thr=0'):
        MODELS.build(cfg)
    MODELS.build({**cfg, 'ignore_iof_thr': 0})
