"""UPerNet (Xiao et al., 2018) as the Swin authors have it; the leaf brings the backbone and its widths."""

_base_ = './pixels.py'

model = dict(
    type='EncoderDecoder',
    backbone=dict(type='mmdet.SwinTransformer'),  # the leaf's stands in its place
    decode_head=dict(
        type='UPerHead',
        in_index=[0, 1, 2, 3],
        pool_scales=(1, 2, 3, 6),
        channels=512,
        dropout_ratio=0.1,
        num_classes=11,
        norm_cfg=_base_.norm_cfg,
        align_corners=False,
        loss_decode=_base_.cross_entropy,
    ),
    auxiliary_head=_base_.third_stage_head,
    test_cfg=dict(mode='whole'),
)
