"""Cascade Mask R-CNN with Swin-B and an FPN, DIoU boxes, multi-scale training.

    tools/dist_train.sh configs/trash/cascade_mask_rcnn_swin_b.py 4

Score: not measured.
"""

_base_ = '../_base_/cascade_mask_rcnn.py'

model = _base_.swin_b
