"""The DeepLabV3+ family: a leaf picks its ResNet, ResNeXt or EfficientNet."""

_base_ = [
    './models/deeplabv3plus.py',
    './models/efficientnet.py',
    './datasets/segmentation.py',
    './schedules/adamp_restarts_40e.py',
    './runtime_segmentation.py',
]

model = dict(data_preprocessor=_base_.preprocess)

# EfficientNet's maps from stride 4 on, the two coarsest both of stride 16.
dilated = dict(out_indices=(2, 3, 4, 5), output_stride=16)
on_efficientnet_b1 = dict(
    backbone=dict(_base_.efficientnet_b1, **dilated),
    decode_head=dict(_base_.stride16.decode_head, in_channels=_base_.widths_b1[4], c1_in_channels=_base_.widths_b1[1]),
    auxiliary_head=None,
)
on_efficientnet_b5 = dict(
    backbone=dict(_base_.efficientnet_b5, **dilated),
    decode_head=dict(_base_.stride16.decode_head, in_channels=_base_.widths_b5[4], c1_in_channels=_base_.widths_b5[1]),
    auxiliary_head=None,
)
