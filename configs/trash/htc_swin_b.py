"""HTC with Swin-B.

    tools/dist_train.sh configs/trash/htc_swin_b.py 4

Score: not measured.
"""

_base_ = './htc_swin_t.py'

model = _base_.swin_b
