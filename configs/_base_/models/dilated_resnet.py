"""ResNets whose last stages are dilated, to be put into a leaf: ``model = dict(backbone=_base_.resnet101)``.

ResNets have a stem of three convolutions and output stride 8, as upstream's segmenters; ResNeXts start from ImageNet
weights of the plain stem and have output stride 16, a quarter of the cells in the two last stages.
"""

resnet50 = dict(
    type='ResNetV1c',
    depth=50,
    out_indices=(0, 1, 2, 3),
    strides=(1, 2, 1, 1),
    dilations=(1, 1, 2, 4),
    contract_dilation=True,
    norm_cfg=dict(type='BN'),
    init_cfg=dict(
        type='Pretrained', checkpoint='https://mmassets.onedl.ai/pretrain/third_party/resnet50_v1c-2cccc1ad.pth'
    ),
)
resnet101 = dict(
    resnet50,
    depth=101,
    init_cfg=dict(
        type='Pretrained', checkpoint='https://mmassets.onedl.ai/pretrain/third_party/resnet101_v1c-e67eebb6.pth'
    ),
)
resnext101 = dict(
    type='ResNeXt',
    depth=101,
    groups=32,
    out_indices=(0, 1, 2, 3),
    strides=(1, 2, 2, 1),
    dilations=(1, 1, 1, 2),
    contract_dilation=True,
    norm_cfg=dict(type='BN'),
)
resnext101_32x4d = dict(
    resnext101,
    base_width=4,
    init_cfg=dict(
        type='Pretrained', checkpoint='https://mmassets.onedl.ai/pretrain/third_party/resnext101_32x4d-a5af3160.pth'
    ),
)
# torchvision's, trained on RGB pictures as the others; upstream's 32x8d wants BGR.
resnext101_32x8d = dict(
    resnext101,
    base_width=8,
    init_cfg=dict(type='Pretrained', checkpoint='https://download.pytorch.org/models/resnext101_32x8d-8ba56ff5.pth'),
)
