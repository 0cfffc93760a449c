"""The RTMDet family: a leaf picks its size, ``model = _base_.rtmdet_s``."""

_base_ = [
    './models/rtmdet.py',
    './datasets/detection_mosaic.py',
    './schedules/cosine_20e.py',
    './schedules/choices.py',
    './runtime.py',
]

# Upstream's 4e-3 is for a batch of 256, without clipping.  Head layers are shared between levels, so they come up once
# for each.
total_batch_size = 16
optim_wrapper = dict(
    optimizer=dict(lr=2.5e-4),
    paramwise_cfg=dict(_delete_=True, norm_decay_mult=0, bias_decay_mult=0, bypass_duplicate=True),
    clip_grad=None,
)
custom_hooks = [dict(_base_.stop_mixing, num_last_epochs=4), _base_.ema]
