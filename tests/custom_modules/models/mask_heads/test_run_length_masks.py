"""What our mask heads predict are run-length masks, the same as upstream's bitmaps."""

import numpy as np
import pytest
import torch
from faster_coco_eval.core import mask as coco_mask
from mmdet.models import FCNMaskHead, HTCMaskHead
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData

from custom_modules.models import TrashFCNMaskHead, TrashHTCMaskHead

pytestmark = pytest.mark.fast

META = {'ori_shape': (60, 90), 'scale_factor': (2.0, 2.0)}
BOXES = [[10.0, 4.0, 90.0, 70.0], [100.0, 60.0, 178.0, 118.0], [-6.0, -6.0, 30.0, 20.0]]


def predict(head: type, logits: torch.Tensor, *, threshold: float = 0.5, agnostic: bool = False, **options) -> tuple:
    """Return boxes and masks of one picture, the (N, H, W) bool or uint8 of bitmaps."""
    module = head(num_classes=3, num_convs=1, in_channels=8, conv_out_channels=8, class_agnostic=agnostic)
    instances = InstanceData(bboxes=torch.tensor(BOXES), labels=torch.tensor([2, 0, 1]))
    cfg = ConfigDict(mask_thr_binary=threshold)
    found = module.predict_by_feat((logits,), [instances], [META], cfg, **options)[0]
    masks = found.masks
    if isinstance(masks, list):
        masks = torch.from_numpy(np.stack([coco_mask.decode(rle) for rle in masks]).astype(bool))
    return found.bboxes, masks


@pytest.mark.parametrize(('ours', 'theirs'), [(TrashFCNMaskHead, FCNMaskHead), (TrashHTCMaskHead, HTCMaskHead)])
@pytest.mark.parametrize(
    'options',
    [
        pytest.param({'rescale': True}, id='original-size'),
        pytest.param({'rescale': False}, id='input-size'),
        pytest.param({'rescale': True, 'agnostic': True}, id='class-agnostic'),
        pytest.param({'rescale': True, 'activate_map': True}, id='probabilities'),
        pytest.param({'rescale': True, 'threshold': -1.0}, id='for-looking-at'),
    ],
)
def test_the_same_as_upstream(ours, theirs, options):
    generator = torch.Generator().manual_seed(0)
    coarse = 4 * torch.randn(3, 1 if options.get('agnostic') else 3, 7, 7, generator=generator)
    logits = torch.nn.functional.interpolate(coarse, (28, 28), mode='bicubic')
    logits = logits.sigmoid() if options.get('activate_map') else logits
    (boxes, masks), (expected_boxes, expected_masks) = (predict(head, logits, **options) for head in (ours, theirs))
    assert torch.equal(boxes, expected_boxes)
    assert masks.dtype == expected_masks.dtype and torch.equal(masks, expected_masks)


def test_half_precision_maps():
    logits = torch.linspace(-4, 4, 28).repeat(3, 3, 28, 1)
    exact, halved = (predict(TrashFCNMaskHead, one, rescale=True)[1] for one in (logits, logits.bfloat16()))
    assert (exact != halved).float().mean() < 0.005


def test_a_picture_without_boxes_has_no_masks():
    module = TrashFCNMaskHead(num_classes=3, num_convs=1, in_channels=8, conv_out_channels=8)
    instances = InstanceData(bboxes=torch.zeros(0, 4), labels=torch.zeros(0, dtype=torch.int64))
    cfg = ConfigDict(mask_thr_binary=0.5)
    assert len(module.predict_by_feat((torch.zeros(0, 3, 28, 28),), [instances], [META], cfg)[0].masks) == 0
