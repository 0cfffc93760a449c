"""HTC with Swin-B and up to 40 epochs, ended when mAP50 has not risen for five validations.

    tools/dist_train.sh configs/trash/htc_swin_b_early_stopping.py 4

Score: not measured.
"""

_base_ = ['../_base_/htc.py', '../_base_/schedules/choices.py']

model = _base_.swin_b
train_cfg = dict(max_epochs=40)
param_scheduler = [_base_.warm_up, _base_.plateau]
custom_hooks = [_base_.early_stopping]
