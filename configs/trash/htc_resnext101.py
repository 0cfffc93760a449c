"""HTC with ResNeXt-101 (64 x 4d) and an FPN, DIoU boxes, multi-scale training, from upstream's COCO weights.

    tools/dist_train.sh configs/trash/htc_resnext101.py 4

Score: not measured.
"""

_base_ = ['../_base_/htc.py', '../_base_/models/resnext101.py']

model = _base_.resnext101
load_from = (
    'https://download.openmmlab.com/mmdetection/v2.0/htc/htc_x101_64x4d_fpn_16x1_20e_coco/'
    'htc_x101_64x4d_fpn_16x1_20e_coco_20200318-b181fd7a.pth'
)
