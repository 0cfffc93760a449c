"""Cascade Mask R-CNN with Swin-L.

    tools/dist_train.sh configs/trash/cascade_mask_rcnn_swin_l.py 4

Score: not measured.
"""

_base_ = './cascade_mask_rcnn_swin_t.py'

model = _base_.swin_l
