"""From scratch to a detector that has learned something, in a few CPU minutes."""

_base_ = './adamw.py'

optim_wrapper = dict(optimizer=dict(lr=1e-3))  # batch 8, no published weights to preserve
train_cfg = dict(max_epochs=2, val_interval=2)  # 250 steps on 1,000 pictures
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=30),
    dict(type='CosineAnnealingLR', T_max=2, end=2, eta_min=1e-5, by_epoch=True, convert_to_iter_based=True),
]
