"""Two-stage detectors train on boxes once their mask branch is gone; others say that they cannot."""

import pytest
import torch
from mmdet.registry import MODELS
from mmengine.config import ConfigDict

from custom_modules.models import remove_mask_branch, set_num_classes
from custom_modules.utils import UserError

TWO_STAGE = {
    'Mask R-CNN': 'mask_rcnn/mask-rcnn_r50_fpn_1x_coco.py',
    'Cascade Mask R-CNN': 'cascade_rcnn/cascade-mask-rcnn_r50_fpn_1x_coco.py',
    'HTC': 'htc/htc_r50_fpn_1x_coco.py',
    'HTC without semantic branch': 'htc/htc-without-semantic_r50_fpn_1x_coco.py',
    'Mask Scoring R-CNN': 'ms_rcnn/ms-rcnn_r50_fpn_1x_coco.py',
    'PointRend': 'point_rend/point-rend_r50-caffe_fpn_ms-1x_coco.py',
    'SCNet': 'scnet/scnet_r50_fpn_1x_coco.py',
    'QueryInst': pytest.param('queryinst/queryinst_r50_fpn_1x_coco.py', marks=pytest.mark.slow),
}


@pytest.mark.parametrize('name', TWO_STAGE.values(), ids=TWO_STAGE)
def test_trains_with_boxes_only(small_model, outline_masks, make_batch, training_step, name):
    cfg = small_model(name)
    assert set_num_classes(cfg, 3)
    assert remove_mask_branch(cfg) is True
    assert remove_mask_branch(cfg) is False
    batch = make_batch([outline_masks(['none'] * 3)] * 2)
    for sample in batch['data_samples']:
        del sample.gt_instances.masks
    losses, model = training_step(cfg, batch)
    assert losses['loss'] > 0 and not any('mask' in key or 'semantic' in key for key in losses)
    unused = [key for key, weight in model.named_parameters() if weight.requires_grad and weight.grad is None]
    assert unused == []
    assert model.with_mask is False


def test_cascade_of_htc_still_refines_its_boxes(small_model):
    """Upstream's HTC refines boxes between the stages inside its mask branch only."""
    cfg = small_model(TWO_STAGE['HTC without semantic branch'])
    remove_mask_branch(cfg)
    assert cfg.roi_head.type == 'CascadeRoIHead'
    assert 'interleaved' not in cfg.roi_head


def test_names_of_the_parameters_that_stay_are_the_same(small_model):
    cfg = small_model(TWO_STAGE['HTC'])
    with torch.device('meta'):
        before = dict(MODELS.build(cfg.copy()).state_dict())
        remove_mask_branch(cfg)
        after = dict(MODELS.build(cfg).state_dict())
    assert set(after) == {name for name in before if not any(part in name for part in ('mask', 'semantic'))}


NOT_WITHOUT = {
    'Mask2Former': ('mask2former/mask2former_r50_8xb2-lsj-50e_coco.py', 'Mask2FormerHead'),
    'MaskFormer': ('maskformer/maskformer_r50_ms-16xb1-75e_coco.py', 'MaskFormerHead'),
    'CondInst': ('condinst/condinst_r50_fpn_ms-poly-90k_coco_instance.py', 'CondInstMaskHead'),
    'SOLO': ('solo/solo_r50_fpn_1x_coco.py', 'SOLOHead'),
    'SOLOv2': ('solov2/solov2_r50_fpn_1x_coco.py', 'SOLOV2Head'),
    'YOLACT': ('yolact/yolact_r50_1xb8-55e_coco.py', 'YOLACT'),
    'RTMDet-Ins': ('rtmdet/rtmdet-ins_s_8xb32-300e_coco.py', 'RTMDetIns'),
    'Panoptic FPN': ('panoptic_fpn/panoptic-fpn_r50_fpn_1x_coco.py', 'PanopticFPNHead'),
}


@pytest.mark.parametrize('name, head', NOT_WITHOUT.values(), ids=NOT_WITHOUT)
def test_cannot_live_without_masks(upstream_model, name, head):
    cfg = upstream_model(name)
    before = cfg.to_dict()
    with pytest.raises(UserError, match=f'boxes only.*{head}'):
        remove_mask_branch(cfg)
    assert cfg.to_dict() == before


@pytest.mark.parametrize(
    'name',
    [
        'faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py',
        'retinanet/retinanet_r50_fpn_1x_coco.py',
        'dino/dino-4scale_r50_8xb2-12e_coco.py',
        'boxinst/boxinst_r50_fpn_ms-90k_coco.py',
    ],
    ids=['two-stage', 'one-stage', 'query', 'masks from boxes'],
)
def test_nothing_to_remove(upstream_model, name):
    cfg = upstream_model(name)
    before = cfg.to_dict()
    assert remove_mask_branch(cfg) is False
    assert cfg.to_dict() == before


@pytest.mark.fast
def test_our_heads_go_too():
    head = {'type': 'HybridTaskCascadeRoIHead', 'num_stages': 1, 'mask_head': [{'type': 'TrashHTCMaskHead'}]}
    cfg = ConfigDict(data_preprocessor={'type': 'DetDataPreprocessor', 'pad_mask': True}, roi_head=head)
    assert remove_mask_branch(cfg)
    assert cfg.roi_head == {'type': 'CascadeRoIHead', 'num_stages': 1}
    assert cfg.data_preprocessor.pad_mask is False
