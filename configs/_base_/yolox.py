"""The YOLOX family: a leaf picks its size, ``model = _base_.yolox_l``."""

_base_ = [
    './models/yolox.py',
    './datasets/detection_mosaic.py',
    './schedules/cosine_20e.py',
    './schedules/choices.py',
    './runtime.py',
]

# As upstream trains it: SGD, 0.01 for a batch of 64, no decay on norms and biases, gradients as they are.
total_batch_size = 16
optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='SGD', lr=2.5e-3, momentum=0.9, weight_decay=5e-4, nesterov=True),
    paramwise_cfg=dict(_delete_=True, norm_decay_mult=0.0, bias_decay_mult=0.0),
    clip_grad=None,
)
custom_hooks = [dict(_base_.stop_mixing, num_last_epochs=4), _base_.ema]
