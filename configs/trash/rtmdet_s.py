"""RTMDet s with Mosaic and MixUp, at 1024 px, from upstream's COCO weights.

    tools/dist_train.sh configs/trash/rtmdet_s.py 4

Score: not measured.
"""

_base_ = '../_base_/rtmdet.py'

model = _base_.rtmdet_s
load_from = (
    'https://download.openmmlab.com/mmdetection/v3.0/rtmdet/rtmdet_s_8xb32-300e_coco/'
    'rtmdet_s_8xb32-300e_coco_20220905_161602-387a891e.pth'
)
