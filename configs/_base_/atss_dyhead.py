"""The ATSS family with DyHead."""

_base_ = [
    './models/atss_dyhead.py',
    './datasets/detection_boxes.py',
    './schedules/step_12e.py',
    './runtime.py',
]

optim_wrapper = dict(optimizer=dict(lr=5e-5))  # upstream's for a batch of 16, kept: the start is a whole detector
