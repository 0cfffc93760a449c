"""Optimizers and schedules that teams tried; a leaf applies what it wants to any family.

    _base_ = ['../_base_/htc.py', '../_base_/schedules/choices.py']
    param_scheduler = [_base_.warm_up, _base_.poly]

Lengths that are not given here are the training's own.
"""

# AdamP takes the arguments of AdamW: optim_wrapper = _base_.adamp
adamp = dict(optimizer=dict(type='AdamP'))

# The published weights at the bottom of a Swin know edges already: optim_wrapper = _base_.layer_decay
layer_decay = dict(constructor='SwinLayerDecayConstructor', paramwise_cfg=dict(decay_rate=0.9))

# The averaged weights are validated, kept as best.pth and shipped: custom_hooks = [_base_.ema]
# A mean over some thousand updates, an epoch and a half of five thousand pictures, and over fewer in the beginning.
# Upstream's 2e-4 and 2000 are for trainings ten times as long.
ema = dict(type='TrashEMAHook', ema_type='mmdet.ExpMomentumEMA', momentum=1e-3, gamma=500, update_buffers=True)

# Four cycles in 20 epochs, each with one epoch of warm-up and half the peak of the one before. The optimizer's lr is
# the lowest rate here: optim_wrapper = dict(optimizer=dict(lr=1e-6)); param_scheduler = [_base_.cosine_restarts]
cosine_restarts = dict(
    type='CosineAnnealingWarmUpRestarts',
    T_0=5,
    T_mult=1,
    eta_max=1e-4,
    T_up=1,
    gamma=0.5,
    by_epoch=True,
    convert_to_iter_based=True,
)

# A third of the rate when mAP50 has not risen for more than two validations:
# param_scheduler = [_base_.warm_up, _base_.plateau]; of a segmenter dict(_base_.plateau, monitor='mIoU')
plateau = dict(
    type='ReduceOnPlateauLR',
    monitor='mAP50',
    rule='greater',
    factor=1 / 3,
    patience=2,
    threshold=1e-3,
    threshold_rule='abs',
    min_value=1e-7,
)

# From the full rate to nearly nothing: param_scheduler = [_base_.warm_up, _base_.poly]
poly = dict(type='PolyLR', power=0.9, eta_min=1e-6, by_epoch=True, convert_to_iter_based=True)

# The end of a run that gains nothing any more: custom_hooks = [_base_.early_stopping]; of a segmenter
# dict(_base_.early_stopping, monitor='mIoU')
early_stopping = dict(type='TrashEarlyStoppingHook', monitor='mAP50', patience=5, min_delta=1e-3)

# The encoder learns a tenth as fast as the rest: optim_wrapper = _base_.slow_encoder
slow_encoder = dict(constructor='EncoderRateConstructor', paramwise_cfg=dict(encoder_lr_mult=0.1))

# The encoder stays as published while the heads come up from noise. Several processes must expect that:
# custom_hooks = [_base_.freeze_encoder]; find_unused_parameters = True
freeze_encoder = dict(type='FreezeEncoderHook', epochs=3)
