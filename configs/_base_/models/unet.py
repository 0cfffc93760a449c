"""U-Net's decoder (Ronneberger et al., 2015) over five maps of a backbone that the leaf brings with their widths."""

_base_ = './pixels.py'

model = dict(
    type='EncoderDecoder',
    backbone=dict(type='ResNetV1c'),  # the leaf's stands in its place
    decode_head=dict(
        type='UNetDecodeHead',
        in_index=[0, 1, 2, 3, 4],
        up_channels=(256, 128, 64, 32),
        channels=16,
        dropout_ratio=0.0,
        num_classes=11,
        norm_cfg=_base_.norm_cfg,
        align_corners=False,
        loss_decode=_base_.cross_entropy,
    ),
    test_cfg=dict(mode='whole'),
)
