"""YOLOX-x with Mosaic and MixUp, multi-scale around 1024 px, from upstream's COCO weights.

    tools/dist_train.sh configs/trash/yolox_x.py 4

Score: not measured.
"""

_base_ = '../_base_/yolox.py'

model = _base_.yolox_x
load_from = (
    'https://download.openmmlab.com/mmdetection/v2.0/yolox/yolox_x_8x8_300e_coco/'
    'yolox_x_8x8_300e_coco_20211126_140254-1ef88d67.pth'
)
