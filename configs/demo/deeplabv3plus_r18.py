"""The demo DeepLabV3+: a ResNet-18 of half the width with output stride 16, a head of 64 channels.

    python tools/train.py configs/demo/deeplabv3plus_r18.py --load-from none

Score: mIoU 0.562 on the demo's 80 synthetic validation pictures (bfloat16, seed 0, one CPU core of two, 8 minutes).
"""

_base_ = [
    '../_base_/models/deeplabv3plus.py',
    '../_base_/datasets/demo_segmentation.py',
    '../_base_/schedules/demo.py',
    '../_base_/runtime_segmentation.py',
]

model = dict(
    data_preprocessor=_base_.preprocess,
    backbone=dict(
        depth=18, stem_channels=32, base_channels=32, strides=(1, 2, 2, 1), dilations=(1, 1, 1, 2), init_cfg=None
    ),
    decode_head=dict(
        _base_.stride16.decode_head,
        in_channels=256,
        channels=64,
        c1_in_channels=32,
        c1_channels=24,
        loss_decode=_base_.quiet_background,
    ),
    auxiliary_head=dict(in_channels=128, channels=64),
)
optim_wrapper = dict(optimizer=dict(lr=3e-3))
train_cfg = dict(max_epochs=12, val_interval=12)
param_scheduler = [_base_.param_scheduler[0], dict(_base_.param_scheduler[1], T_max=12, end=12)]
