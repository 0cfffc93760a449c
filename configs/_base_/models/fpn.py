"""Semantic FPN (Kirillov et al., 2019), the segmenter; the leaf brings a backbone with four maps and their widths."""

_base_ = './pixels.py'

model = dict(
    type='EncoderDecoder',
    backbone=dict(type='ResNetV1c'),  # the leaf's stands in its place
    neck=dict(type='FPN', out_channels=256, num_outs=4),
    decode_head=dict(
        type='FPNHead',
        in_channels=[256, 256, 256, 256],
        in_index=[0, 1, 2, 3],
        feature_strides=[4, 8, 16, 32],
        channels=128,
        dropout_ratio=0.1,
        num_classes=11,
        norm_cfg=_base_.norm_cfg,
        align_corners=False,
        loss_decode=_base_.cross_entropy,
    ),
    test_cfg=dict(mode='whole'),
)
