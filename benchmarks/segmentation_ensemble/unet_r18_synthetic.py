"""U-Net's decoder over the demo's ResNet-18, a fourth family among the demo's segmenters.

    python benchmarks/segmentation_ensemble.py --only synthetic_train_unet_r18

Score: in ../segmentation_ensemble.md.
"""

_base_ = [
    '../../configs/_base_/models/unet.py',
    '../../configs/_base_/datasets/demo_segmentation.py',
    '../../configs/_base_/schedules/demo.py',
    '../../configs/_base_/runtime_segmentation.py',
]

model = dict(
    data_preprocessor=_base_.preprocess,
    backbone=dict(depth=18, stem_channels=32, base_channels=32, norm_cfg=_base_.norm_cfg),
    decode_head=dict(
        in_channels=[32, 64, 128, 256],
        in_index=[0, 1, 2, 3],
        up_channels=(128, 64, 32),
        channels=32,
        loss_decode=_base_.quiet_background,
    ),
)
optim_wrapper = dict(optimizer=dict(lr=3e-3))
