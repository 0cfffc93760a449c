"""DeepLabV3 with ResNet-50, output stride 8, 512 px crops, from upstream's ADE20K weights.

    tools/dist_train.sh configs/trash/deeplabv3_r50.py 4

Recipe: AdamP and CosineAnnealingWarmUpRestarts (four cycles with a warm-up, gamma 0.5) over 40 epochs, the encoder at a
tenth of the rate (Heo et al., 2021; Loshchilov and Hutter, 2017).

Score: not measured.
"""

_base_ = '../_base_/deeplabv3.py'

model = dict(backbone=_base_.resnet50)
load_from = (
    'https://mmassets.onedl.ai/mmsegmentation/v0.5/deeplabv3/deeplabv3_r50-d8_512x512_160k_ade20k/'
    'deeplabv3_r50-d8_512x512_160k_ade20k_20200615_123227-5d0ee427.pth'
)
