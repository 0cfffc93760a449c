"""YOLOX-s with Mosaic and MixUp, multi-scale around 1024 px, from upstream's COCO weights.

    tools/dist_train.sh configs/trash/yolox_s.py 4

Score: not measured.
"""

_base_ = '../_base_/yolox.py'

load_from = (
    'https://download.openmmlab.com/mmdetection/v2.0/yolox/yolox_s_8x8_300e_coco/'
    'yolox_s_8x8_300e_coco_20211121_095711-4592a793.pth'
)
