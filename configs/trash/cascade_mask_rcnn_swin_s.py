"""Cascade Mask R-CNN with Swin-S.

    tools/dist_train.sh configs/trash/cascade_mask_rcnn_swin_s.py 4

Score: not measured.
"""

_base_ = './cascade_mask_rcnn_swin_t.py'

model = _base_.swin_s
