"""RTMDet m with Mosaic and MixUp, at 1024 px, from upstream's COCO weights.

    tools/dist_train.sh configs/trash/rtmdet_m.py 4

Score: not measured.
"""

_base_ = '../_base_/rtmdet.py'

model = _base_.rtmdet_m
load_from = (
    'https://download.openmmlab.com/mmdetection/v3.0/rtmdet/rtmdet_m_8xb32-300e_coco/'
    'rtmdet_m_8xb32-300e_coco_20220719_112220-229f527c.pth'
)
