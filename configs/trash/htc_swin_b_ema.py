"""HTC with Swin-B and an exponential moving average of the weights, which is what gets validated and kept.

    tools/dist_train.sh configs/trash/htc_swin_b_ema.py 4

Score: not measured.
"""

_base_ = ['../_base_/htc.py', '../_base_/schedules/choices.py']

model = _base_.swin_b
custom_hooks = [_base_.ema]
