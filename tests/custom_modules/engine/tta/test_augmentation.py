"""Detections of several views of a picture become one list, boxes and masks where the objects are."""

import numpy as np
import pytest
import torch
from faster_coco_eval.core import mask as coco_mask
from mmengine.config import Config
from mmengine.structures import InstanceData

from custom_modules.engine.tta import TestTimeAugmentation, View
from custom_modules.utils import UserError

pytestmark = pytest.mark.fast

HEIGHT, WIDTH = 40, 100
PIPELINE = [
    {'type': 'LoadImageFromFile'},
    {'type': 'Resize', 'scale': (100, 100), 'keep_ratio': True},
    {'type': 'PackDetInputs'},
]


def augmentation(**tta) -> TestTimeAugmentation:
    return TestTimeAugmentation(Config({'test_dataloader': {'dataset': {'pipeline': PIPELINE}}, 'tta': tta}))


def detections(boxes, scores, labels, masks=None) -> InstanceData:
    instances = InstanceData(
        bboxes=torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
        scores=torch.tensor(scores, dtype=torch.float32),
        labels=torch.tensor(labels, dtype=torch.int64),
    )
    if masks is not None:
        instances.masks = masks
    return instances


def bitmap(*boxes, height: int = HEIGHT, width: int = WIDTH) -> torch.Tensor:
    """Draw each box (x1, y1, x2, y2) as a mask of its own, (N, height, width) bool."""
    masks = torch.zeros((len(boxes), height, width), dtype=torch.bool)
    for mask, (x1, y1, x2, y2) in zip(masks, boxes, strict=True):
        mask[y1:y2, x1:x2] = True
    return masks


def drawn(instances: InstanceData) -> np.ndarray:
    return np.stack([coco_mask.decode(rle) for rle in instances.masks])


def test_the_plain_view_alone_is_what_the_model_predicts():
    """Two boxes of one class on top of each other stay two: a view is not merged with itself."""
    boxes = [[10.25, 5, 30, 20], [11, 5, 30, 20], [60, 10, 90.5, 40]]
    own = detections(boxes, [0.9, 0.8, 0.7], [1, 1, 0], bitmap((10, 5, 30, 20), (11, 5, 30, 20), (60, 10, 90, 40)))
    merged = augmentation(scales=[1.0], flips=['none']).merge([own], (HEIGHT, WIDTH))
    for name in ('bboxes', 'scores', 'labels'):
        torch.testing.assert_close(merged[name], own[name], rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(drawn(merged), own.masks.numpy())


def test_pipelines_follow_the_views():
    both = augmentation(scales=[0.5, 1.0], flips=['none', 'horizontal'])
    assert both.views == [View(), View(0.5), View(0.5, True), View(1.0, True)]
    assert both.pipelines[0] == PIPELINE
    assert both.pipelines[2][1:3] == [
        {'type': 'OrientPicture', 'mirrored': True, 'quarters': 0},
        {'type': 'Resize', 'scale': (50, 50), 'keep_ratio': True},
    ]


def test_weighted_fusion_worked_out_by_hand():
    """The mirrored view sees x from 100 - 32 to 100 - 12: the box (12, 5, 32, 20), with a third of the score.

    Weighted by 0.9 and 0.3 (Solovyev et al., 2021, equations 1 and 2): x1 = (0.9 * 10 + 0.3 * 12) / 1.2 = 10.5,
    score = (0.9 + 0.3) / 2.  What one of two views sees keeps half of its score.
    """
    plain = detections([[10, 5, 30, 20]], [0.9], [2])
    mirrored = detections([[68, 5, 88, 20], [0, 0, 10, 10]], [0.3, 0.8], [2, 0])
    merged = augmentation(scales=[1.0], method='wbf', conf_type='avg').merge([plain, mirrored], (HEIGHT, WIDTH))
    torch.testing.assert_close(merged.bboxes, torch.tensor([[10.5, 5, 30.5, 20], [90, 0, 100, 10]]))
    torch.testing.assert_close(merged.scores, torch.tensor([0.6, 0.4]))
    assert merged.labels.tolist() == [2, 0]
    assert 'masks' not in merged


def test_masks_of_fused_boxes_are_voted_on_by_score():
    """Where only the view with 0.9 of 1.2 sees the object it is; where only the one with 0.3 does, it is not."""
    plain = detections([[10, 5, 30, 20]], [0.9], [0], bitmap((10, 5, 30, 20)))
    mirrored = detections([[68, 5, 88, 20]], [0.3], [0], bitmap((68, 5, 88, 20)))
    merged = augmentation(scales=[1.0]).merge([plain, mirrored], (HEIGHT, WIDTH))
    np.testing.assert_array_equal(drawn(merged), bitmap((10, 5, 30, 20)).numpy())


def test_suppression_keeps_the_best_box_with_its_mask():
    plain = detections([[10, 5, 30, 20]], [0.6], [0], bitmap((10, 5, 30, 20)))
    turned = detections([[5, 71, 20, 91]], [0.7], [0], bitmap((5, 71, 20, 91), height=WIDTH, width=HEIGHT))
    both = augmentation(scales=[1.0], flips=['none'], quarter_turns=[0, 1], method='nms', iou_thr=0.5)
    merged = both.merge([plain, turned], (HEIGHT, WIDTH))
    # A quarter counter-clockwise takes (x, y) to (y, 100 - x): seen was (9, 5, 29, 20).
    torch.testing.assert_close(merged.bboxes, torch.tensor([[9.0, 5, 29, 20]]))
    torch.testing.assert_close(merged.scores, torch.tensor([0.7]))
    np.testing.assert_array_equal(drawn(merged), bitmap((9, 5, 29, 20)).numpy())


@pytest.mark.parametrize('method', ['wbf', 'nms'])
def test_classes_do_not_meet(method):
    plain, mirrored = detections([[10, 5, 30, 20]], [0.9], [0]), detections([[70, 5, 90, 20]], [0.8], [1])
    merged = augmentation(scales=[1.0], method=method).merge([plain, mirrored], (HEIGHT, WIDTH))
    assert merged.labels.tolist() == [0, 1]


@pytest.mark.parametrize('method', ['wbf', 'nms'])
@pytest.mark.parametrize('with_masks', [False, True], ids=['boxes', 'masks'])
def test_pictures_without_objects(method, with_masks):
    nothing = detections([], [], [], bitmap() if with_masks else None)
    views = augmentation(scales=[1.0], method=method)
    merged = views.merge([nothing, nothing], (HEIGHT, WIDTH))
    assert merged.bboxes.shape == (0, 4) and len(merged.labels) == 0
    one = detections([[10, 5, 30, 20]], [0.9], [3], bitmap((10, 5, 30, 20)) if with_masks else None)
    merged = views.merge([nothing, one], (HEIGHT, WIDTH))
    assert merged.labels.tolist() == [3]
    assert ('masks' in merged) == with_masks


def test_only_the_best_boxes_are_kept_if_asked_for():
    plain = detections([[10, 5, 30, 20], [50, 5, 60, 20]], [0.3, 0.9], [0, 0])
    assert augmentation(scales=[1.0], flips=['none'], max_per_img=1).merge([plain], (40, 100)).scores.tolist() == [
        pytest.approx(0.9)
    ]
    nothing = detections([], [], [])
    merged = augmentation(scales=[1.0], max_per_img=1).merge([plain, nothing], (HEIGHT, WIDTH))
    torch.testing.assert_close(merged.bboxes, torch.tensor([[50.0, 5, 60, 20]]))


def test_every_view_must_be_there():
    one = detections([[10, 5, 30, 20]], [0.9], [0])
    with pytest.raises(ValueError, match='argument 2 is shorter'):
        augmentation(scales=[1.0]).merge([one], (HEIGHT, WIDTH))


def test_a_model_that_predicts_nan_is_refused():
    one = detections([[10, 5, float('nan'), 20]], [0.9], [0])
    with pytest.raises(UserError, match='weights are damaged'):
        augmentation(scales=[1.0]).merge([one, one], (HEIGHT, WIDTH))
