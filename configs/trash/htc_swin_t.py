"""HTC with Swin-T and an FPN, DIoU boxes, multi-scale training.

    tools/dist_train.sh configs/trash/htc_swin_t.py 4

Score: not measured.
"""

_base_ = '../_base_/htc.py'

model = _base_.swin_t
