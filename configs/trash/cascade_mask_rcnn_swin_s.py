"""Cascade Mask R-CNN with Swin-S and an FPN, DIoU boxes, multi-scale training.

    tools/dist_train.sh configs/trash/cascade_mask_rcnn_swin_s.py 4

Score: not measured.
"""

_base_ = '../_base_/cascade_mask_rcnn.py'

model = _base_.swin_s
