"""HTC with Swin-L and an FPN, DIoU boxes, multi-scale training.

    tools/dist_train.sh configs/trash/htc_swin_l.py 4

Score: not measured.
"""

_base_ = '../_base_/htc.py'

model = _base_.swin_l
