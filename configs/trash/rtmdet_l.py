"""RTMDet l with Mosaic and MixUp, at 1024 px, from upstream's COCO weights.

    tools/dist_train.sh configs/trash/rtmdet_l.py 4

Score: not measured.
"""

_base_ = '../_base_/rtmdet.py'

load_from = (
    'https://download.openmmlab.com/mmdetection/v3.0/rtmdet/rtmdet_l_8xb32-300e_coco/'
    'rtmdet_l_8xb32-300e_coco_20220719_112030-5a0be7c4.pth'
)
