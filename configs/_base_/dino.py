"""The DINO family: a leaf picks its backbone, ``model = _base_.swin_l``."""

_base_ = [
    './models/dino.py',
    './models/swin.py',
    './datasets/detection_boxes.py',
    './schedules/step_12e.py',
    './runtime.py',
]

# Transformers of this kind are trained with strong clipping, little decay and a slow backbone (DINO, table 8).  The
# rate is 1e-4 for a batch of 16.
optim_wrapper = dict(
    optimizer=dict(lr=5e-5, weight_decay=1e-4),
    paramwise_cfg=dict(_delete_=True, custom_keys=dict(backbone=dict(lr_mult=0.1))),
    clip_grad=dict(max_norm=0.1),
)
param_scheduler = [_base_.warm_up, dict(_base_.param_scheduler[1], milestones=[11])]
