"""Cascade Mask R-CNN with Swin-L and an FPN, DIoU boxes, multi-scale training.

    tools/dist_train.sh configs/trash/cascade_mask_rcnn_swin_l.py 4

Score: not measured.
"""

_base_ = '../_base_/cascade_mask_rcnn.py'

model = _base_.swin_l
