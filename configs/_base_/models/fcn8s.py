"""FCN-8s (Long et al., 2015) over VGG-16, whose hidden linear layers become convolutions and keep their weights."""

_base_ = './pixels.py'

model = dict(
    type='EncoderDecoder',
    backbone=dict(
        type='ConvolutionalVGG',
        init_cfg=dict(type='Pretrained', checkpoint='https://download.pytorch.org/models/vgg16-397923af.pth'),
    ),
    decode_head=dict(
        type='FCN8sHead',
        in_channels=[256, 512, 4096],
        in_index=[0, 1, 2],
        dropout_ratio=0.5,
        num_classes=11,
        align_corners=False,
        loss_decode=_base_.cross_entropy,
    ),
    test_cfg=dict(mode='whole'),
)
