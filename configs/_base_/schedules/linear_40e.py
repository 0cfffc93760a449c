"""40 epochs, the rate falling linearly, after a linear rise; in the papers this takes 1,500 of 160,000 iterations."""

_base_ = './adamw.py'

train_cfg = dict(max_epochs=40)
param_scheduler = [
    _base_.warm_up,
    dict(type='PolyLR', power=1.0, end=40, eta_min=0, by_epoch=True, convert_to_iter_based=True),
]
