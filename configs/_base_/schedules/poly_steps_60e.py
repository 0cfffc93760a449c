"""60 epochs: a linear rise, a polynomial fall, and a tenth of the rate after 54 and again after 57 epochs."""

_base_ = './adamw.py'

train_cfg = dict(max_epochs=60)
param_scheduler = [
    _base_.warm_up,
    dict(type='PolyLR', power=0.9, end=60, eta_min=0, by_epoch=True, convert_to_iter_based=True),
    dict(type='MultiStepLR', milestones=[54, 57], gamma=0.1, end=60, by_epoch=True),
]
