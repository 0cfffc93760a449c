"""40 epochs, the rate falling as a power of what is left, after a linear rise (Chen et al., 2017, section 4.1)."""

_base_ = './adamw.py'

train_cfg = dict(max_epochs=40)
param_scheduler = [
    _base_.warm_up,
    dict(type='PolyLR', power=0.9, end=40, eta_min=0, by_epoch=True, convert_to_iter_based=True),
]
