"""40 epochs of AdamP in four cosine cycles, each with one epoch of warm-up and half the peak of the one before."""

_base_ = ['./adamw.py', './choices.py']

# The lowest rate; the peak is eta_max of the schedule.
optim_wrapper = dict(
    optimizer=dict(type='AdamP', lr=1e-6, weight_decay=1e-2),
    constructor='EncoderRateConstructor',
    paramwise_cfg=dict(encoder_lr_mult=0.1),
)
train_cfg = dict(max_epochs=40)
param_scheduler = [dict(_base_.cosine_restarts, T_0=10, eta_max=1e-3)]
