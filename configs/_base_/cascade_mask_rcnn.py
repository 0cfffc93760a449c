"""The Cascade Mask R-CNN family: a leaf picks its backbone, ``model = _base_.swin_t``."""

_base_ = [
    './models/cascade_mask_rcnn.py',
    './models/swin.py',
    './datasets/detection.py',
    './schedules/step_12e.py',
    './runtime.py',
]
