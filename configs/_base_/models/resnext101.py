"""ResNeXt-101 (64 x 4d) in place of the ResNet-50 that a two-stage detector inherits.

Trained by the families' AdamW, as their Swins are, where upstream trains it by SGD from ImageNet weights: the start is
a whole detector.
"""

resnext101 = dict(
    backbone=dict(
        type='ResNeXt',
        depth=101,
        groups=64,
        base_width=4,
        init_cfg=dict(
            type='Pretrained',
            checkpoint='https://download.openmmlab.com/pretrain/third_party/resnext101_64x4d-ee2c6f71.pth',
        ),
    ),
)
