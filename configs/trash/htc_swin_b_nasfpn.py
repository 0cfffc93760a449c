"""HTC with Swin-B: a NAS-FPN, whose wiring was found by search, instead of the FPN.

    tools/dist_train.sh configs/trash/htc_swin_b_nasfpn.py 4

Score: not measured.
"""

_base_ = ['../_base_/htc.py', '../_base_/necks.py']

model = dict(_base_.swin_b, neck=dict(_base_.swin_b.neck, **_base_.nasfpn))
