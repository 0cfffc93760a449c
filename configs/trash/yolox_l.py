"""YOLOX-l with Mosaic and MixUp, multi-scale around 1024 px, from upstream's COCO weights.

    tools/dist_train.sh configs/trash/yolox_l.py 4

Score: not measured.
"""

_base_ = '../_base_/yolox.py'

model = _base_.yolox_l
load_from = (
    'https://download.openmmlab.com/mmdetection/v2.0/yolox/yolox_l_8x8_300e_coco/'
    'yolox_l_8x8_300e_coco_20211126_140236-d3bd2b23.pth'
)
