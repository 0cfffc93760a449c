"""HTC with Swin-B: a BiFPN, three rounds down and up with learned weights, instead of the FPN.

    tools/dist_train.sh configs/trash/htc_swin_b_bifpn.py 4

Score: not measured.
"""

_base_ = ['../_base_/htc.py', '../_base_/necks.py']

model = dict(_base_.swin_b, neck=dict(_base_.swin_b.neck, **_base_.bifpn))
