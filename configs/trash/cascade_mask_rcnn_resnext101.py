"""Cascade Mask R-CNN with ResNeXt-101 (64 x 4d) and an FPN, DIoU boxes, multi-scale training, from COCO weights.

    tools/dist_train.sh configs/trash/cascade_mask_rcnn_resnext101.py 4

Score: not measured.
"""

_base_ = ['../_base_/cascade_mask_rcnn.py', '../_base_/models/resnext101.py']

model = _base_.resnext101
load_from = (
    'https://download.openmmlab.com/mmdetection/v2.0/cascade_rcnn/cascade_mask_rcnn_x101_64x4d_fpn_mstrain_3x_coco/'
    'cascade_mask_rcnn_x101_64x4d_fpn_mstrain_3x_coco_20210719_210311-d3e64ba0.pth'
)
