"""HTC with Swin-B and AdamP in the place of AdamW.

    tools/dist_train.sh configs/trash/htc_swin_b_adamp.py 4

Score: not measured.
"""

_base_ = ['../_base_/htc.py', '../_base_/schedules/choices.py']

model = _base_.swin_b
optim_wrapper = _base_.adamp
