"""12 epochs, a tenth of the rate after 8 and again after 11."""

_base_ = './adamw.py'

param_scheduler = [
    _base_.warm_up,
    dict(type='MultiStepLR', milestones=[8, 11], gamma=0.1, end=12, by_epoch=True),
]
