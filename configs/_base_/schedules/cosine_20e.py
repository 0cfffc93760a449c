"""20 epochs, the rate falling along a half cosine."""

_base_ = './adamw.py'

train_cfg = dict(max_epochs=20)
param_scheduler = [
    _base_.warm_up,
    dict(type='CosineAnnealingLR', T_max=20, end=20, eta_min=1e-6, by_epoch=True, convert_to_iter_based=True),
]
