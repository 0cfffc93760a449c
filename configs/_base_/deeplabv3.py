"""The DeepLabV3 family: a leaf picks its ResNet, ``model = dict(backbone=_base_.resnet101)``."""

_base_ = [
    './models/deeplabv3.py',
    './datasets/segmentation.py',
    './schedules/adamp_restarts_40e.py',
    './runtime_segmentation.py',
]

model = dict(data_preprocessor=_base_.preprocess)
