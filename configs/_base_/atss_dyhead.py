"""The ATSS family with DyHead."""

_base_ = [
    './models/atss_dyhead.py',
    './datasets/detection_boxes.py',
    './schedules/step_12e.py',
    './runtime.py',
]

optim_wrapper = dict(optimizer=dict(lr=5e-5))  # upstream's, for the starting point of whole detectors
