"""HTC with Swin-B, every class drawn equally often.

    tools/dist_train.sh configs/trash/htc_swin_b_class_aware.py 4

Score: not measured.
"""

_base_ = ['../_base_/htc.py', '../_base_/sampling.py']

model = _base_.swin_b
train_dataloader = dict(sampler=_base_.class_aware)
