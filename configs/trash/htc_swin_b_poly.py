"""HTC with Swin-B and a polynomial fall of the rate after the warm-up.

    tools/dist_train.sh configs/trash/htc_swin_b_poly.py 4

Score: not measured.
"""

_base_ = ['../_base_/htc.py', '../_base_/schedules/choices.py']

model = _base_.swin_b
param_scheduler = [_base_.warm_up, _base_.poly]
