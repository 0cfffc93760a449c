"""Cascade Mask R-CNN with Swin-T and an FPN, DIoU boxes, multi-scale training.

    tools/dist_train.sh configs/trash/cascade_mask_rcnn_swin_t.py 4

Score: not measured.
"""

_base_ = '../_base_/cascade_mask_rcnn.py'

model = _base_.swin_t
