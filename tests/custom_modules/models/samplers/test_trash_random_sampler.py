"""A picture in which every box is ignored gives one box without an area, which no head learns from."""

import pytest
import torch
from mmdet.models.task_modules.assigners import AssignResult
from mmdet.registry import MODELS, TASK_UTILS
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData

pytestmark = pytest.mark.fast

BOXES = torch.tensor([[0.0, 0, 10, 10], [20, 20, 40, 40]])


def drawn(gt_inds: list[int]):
    sampler = TASK_UTILS.build({'type': 'TrashRandomSampler', 'num': 8, 'pos_fraction': 0.25})
    nothing = InstanceData(bboxes=torch.zeros(0, 4), labels=torch.zeros(0).long())
    found = AssignResult(0, torch.tensor(gt_inds), None, labels=torch.full((2,), -1))
    return sampler.sample(found, InstanceData(priors=BOXES), nothing)


def test_boxes_are_drawn_where_there_are_any():
    assert drawn([0, -1]).priors.tolist() == BOXES[:1].tolist()


def test_nothing_to_draw():
    result = drawn([-1, -1])
    assert result.priors.tolist() == [[0, 0, 0, 0]] and len(result.pos_priors) == 0


def test_the_head_gives_it_no_weight():
    head = MODELS.build({'type': 'TrashShared2FCBBoxHead', 'in_channels': 2, 'roi_feat_size': 1, 'fc_out_channels': 4})
    labels, weights, *_ = head.get_targets([drawn([-1, -1]), drawn([0, 0])], ConfigDict(pos_weight=-1))
    assert labels.tolist() == [head.num_classes] * 3
    assert weights.tolist() == [0, 1, 1]
