"""HTC with Swin-B and a third of the rate whenever mAP50 stops rising.

    tools/dist_train.sh configs/trash/htc_swin_b_plateau.py 4

Score: not measured.
"""

_base_ = ['../_base_/htc.py', '../_base_/schedules/choices.py']

model = _base_.swin_b
param_scheduler = [_base_.warm_up, _base_.plateau]
