"""DeepLabV3 (Chen et al., 2017) with output stride 8, as upstream trains it; the leaf brings the ResNet."""

_base_ = ['./pixels.py', './dilated_resnet.py']

model = dict(
    type='EncoderDecoder',
    backbone=_base_.resnet50,
    decode_head=dict(
        type='ASPPHead',
        in_channels=2048,
        in_index=3,
        channels=512,
        dilations=(1, 12, 24, 36),
        dropout_ratio=0.1,
        num_classes=11,
        norm_cfg=_base_.norm_cfg,
        align_corners=False,
        loss_decode=_base_.cross_entropy,
    ),
    auxiliary_head=dict(_base_.third_stage_head, in_channels=1024),
    test_cfg=dict(mode='whole'),
)
