"""HTC with Swin-B, pictures of rare classes repeated (repeat factors of LVIS).

    tools/dist_train.sh configs/trash/htc_swin_b_repeat_factor.py 4

Score: not measured.
"""

_base_ = ['../_base_/htc.py', '../_base_/sampling.py']

model = _base_.swin_b
train_dataloader = dict(sampler=_base_.repeat_factor)
