"""HTC with Swin-S and an FPN, DIoU boxes, multi-scale training.

    tools/dist_train.sh configs/trash/htc_swin_s.py 4

Score: not measured.
"""

_base_ = '../_base_/htc.py'

model = _base_.swin_s
