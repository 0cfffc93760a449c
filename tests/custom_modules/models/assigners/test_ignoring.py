"""What lies in an ignore region is neither object nor background; objects in one keep what is theirs."""

import pytest
import torch
from mmdet.registry import TASK_UTILS
from mmengine.structures import InstanceData

pytestmark = pytest.mark.fast

BY_IOU = {'type': 'TrashMaxIoUAssigner', 'pos_iou_thr': 0.5, 'neg_iou_thr': 0.4, 'min_pos_iou': 0.2}
REGION = [100.0, 100, 140, 140]
# Inside of the region; half inside; around it; elsewhere; on the object.
BOXES = [[110.0, 110, 130, 130], [80, 100, 120, 140], [60, 60, 180, 180], [0, 100, 40, 140], [10, 10, 50, 50]]


def instances(*boxes: list) -> InstanceData:
    boxes = torch.tensor(boxes).reshape(-1, 4)
    return InstanceData(bboxes=boxes, labels=torch.ones(len(boxes)).long())


def assigned(cfg: dict, boxes: list, objects: list, regions: list, levels: bool = False) -> list[int]:
    priors = InstanceData(priors=torch.tensor(boxes))
    args = ([len(boxes)],) if levels else ()
    ignored = instances(*regions) if regions is not None else None
    return TASK_UTILS.build(cfg).assign(priors, *args, instances(*objects), ignored).gt_inds.tolist()


@pytest.mark.parametrize(
    ('objects', 'regions', 'expected'),
    [
        pytest.param([[10.0, 10, 50, 50]], [REGION], [-1, -1, 0, 0, 1], id='beside-an-object'),
        pytest.param([], [REGION], [-1, -1, 0, 0, 0], id='without-objects'),
        pytest.param([[10.0, 10, 50, 50]], [], [0, 0, 0, 0, 1], id='no-regions'),
        pytest.param([[10.0, 10, 50, 50]], None, [0, 0, 0, 0, 1], id='regions-not-given'),
        pytest.param([[110.0, 110, 130, 130]], [REGION], [1, -1, 0, 0, 0], id='an-object-in-the-region-stays'),
        pytest.param([], [[0.0, 0, 200, 200]], [-1] * 5, id='everything'),
        pytest.param([], [[100.0, 100, 100, 140]], [0] * 5, id='a-region-without-an-area'),
    ],
)
def test_by_iou(objects, regions, expected):
    assert assigned(BY_IOU, BOXES, objects, regions) == expected


def test_a_region_too_small_for_any_anchor_takes_the_best_one():
    """IoU and share of the area are 24 * 24 / (40 * 40) = 0.36: short of half, and enough for an object."""
    anchors = [[100.0, 100, 140, 140], [140, 140, 180, 180]]
    assert assigned(BY_IOU, anchors, [], [[108.0, 108, 132, 132]]) == [-1, 0]
    assert assigned({**BY_IOU, 'match_low_quality': False}, anchors, [], [[108.0, 108, 132, 132]]) == [0, 0]


def test_regions_can_be_switched_off():
    assert assigned({**BY_IOU, 'ignore_iof_thr': -1}, BOXES, [], [REGION]) == [0] * 5
    no_best = {**BY_IOU, 'match_low_quality': False}
    assert assigned(no_best, BOXES, [], [REGION]) == [-1, -1, 0, 0, 0]
    assert assigned({**no_best, 'ignore_iof_thr': 0.6}, BOXES, [], [REGION]) == [-1, 0, 0, 0, 0]


def test_atss_anchors_with_their_centre_in_a_region():
    # Centres at 120, 152 and far away; 12 * 12 px of 64 * 64.
    anchors = [[88.0, 88, 152, 152], [120, 120, 184, 184], *([[400.0, 400, 464, 464]] * 4)]
    cfg = {'type': 'TrashATSSAssigner', 'topk': 9}
    assert assigned(cfg, anchors, [], [[114.0, 114, 126, 126]], levels=True) == [-1, *[0] * 5]
    objects, everything = [[90.0, 90, 150, 150]], [[0.0, 0, 300, 300]]
    assert assigned(cfg, anchors, objects, everything, levels=True) == [1, -1, *[0] * 4]


@pytest.mark.parametrize(
    ('box', 'point', 'expected'),
    [
        pytest.param([110.0, 110, 130, 130], [20.0, 20], -1, id='box-inside'),
        pytest.param([0.0, 0, 20, 20], [120.0, 120], -1, id='point-inside'),
        pytest.param([0.0, 0, 20, 20], [20.0, 20], 0, id='neither'),
    ],
)
def test_predictions_of_rtmdet(box, point, expected):
    predictions = InstanceData(
        bboxes=torch.tensor([box]), priors=torch.tensor([[*point, 8, 8]]), scores=torch.zeros(1, 2)
    )
    assigner = TASK_UTILS.build({'type': 'TrashDynamicSoftLabelAssigner', 'topk': 13})
    assert assigner.assign(predictions, instances(), instances(REGION)).gt_inds.tolist() == [expected]
