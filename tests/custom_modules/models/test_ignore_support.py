"""Configs that cannot honour ignore regions are told from those that do (tests/configs: all of the zoo)."""

from pathlib import Path

import pytest

from custom_modules.engine import load_config
from custom_modules.models import deaf_to_ignore_regions

CONFIGS = Path(__file__).resolve().parents[3] / 'configs'

STAGES = [f'train_cfg.rcnn.{stage}.assigner (MaxIoUAssigner, take TrashMaxIoUAssigner)' for stage in range(3)]


@pytest.mark.parametrize(
    ('config', 'deaf'),
    [
        pytest.param(
            'cascade_rcnn/cascade-rcnn_r50_fpn_1x_coco.py',
            ['train_cfg.rpn.assigner (MaxIoUAssigner, take TrashMaxIoUAssigner)', *STAGES],
            id='all-stages',
        ),
        pytest.param(
            'atss/atss_r50_fpn_1x_coco.py',
            ['train_cfg.assigner (ATSSAssigner, take TrashATSSAssigner)'],
            id='assigner-with-one-of-ours',
        ),
        pytest.param(
            'tood/tood_r50_fpn_1x_coco.py', ['train_cfg.assigner (TaskAlignedAssigner)'], id='assigner-without'
        ),
        pytest.param(
            'dino/dino-4scale_r50_8xb2-12e_coco.py', ['bbox_head (DINOHead, take TrashDINOHead)'], id='head-of-queries'
        ),
        pytest.param(
            'yolox/yolox_s_8xb8-300e_coco.py', ['bbox_head (YOLOXHead, take TrashYOLOXHead)'], id='head-and-assigner'
        ),
        pytest.param('fcos/fcos_r50-caffe_fpn_gn-head_1x_coco.py', ['bbox_head (FCOSHead)'], id='no-assigner'),
    ],
)
def test_upstreams_do_not(upstream_model, config, deaf):
    assert deaf_to_ignore_regions(upstream_model(config)) == deaf


def test_a_stage_of_ones_own_is_found():
    model = load_config(CONFIGS / 'demo' / 'htc_swin.py').model
    model.train_cfg.rcnn[1].assigner.type = 'MaxIoUAssigner'
    assert deaf_to_ignore_regions(model) == STAGES[1:2]
