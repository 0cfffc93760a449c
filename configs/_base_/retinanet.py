"""The RetinaNet family; a leaf brings its backbone."""

_base_ = [
    './models/retinanet.py',
    './models/swin.py',
    './datasets/detection_boxes.py',
    './schedules/step_12e.py',
    './runtime.py',
]
