"""The HTC family: a leaf picks its backbone, ``model = _base_.swin_t``."""

_base_ = [
    './models/htc.py',
    './models/swin.py',
    './datasets/detection.py',
    './schedules/cosine_20e.py',
    './runtime.py',
]
