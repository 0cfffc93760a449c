"""HTC with Swin-B: a PAFPN, which also passes details up to the coarse levels, instead of the FPN.

    tools/dist_train.sh configs/trash/htc_swin_b_pafpn.py 4

Score: not measured.
"""

_base_ = ['../_base_/htc.py', '../_base_/necks.py']

model = dict(_base_.swin_b, neck=dict(_base_.swin_b.neck, **_base_.pafpn))
