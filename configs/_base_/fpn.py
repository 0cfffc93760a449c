"""The FPN family of segmenters: a leaf brings its EfficientNet."""

_base_ = [
    './models/fpn.py',
    './models/efficientnet.py',
    './datasets/segmentation.py',
    './schedules/adamp_restarts_40e.py',
    './runtime_segmentation.py',
]

model = dict(data_preprocessor=_base_.preprocess)
