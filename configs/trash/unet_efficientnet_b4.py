"""U-Net's decoder over EfficientNet-b4, 512 px crops, from ImageNet weights.

    tools/dist_train.sh configs/trash/unet_efficientnet_b4.py 4

Recipe: AdamP and CosineAnnealingWarmUpRestarts (four cycles with a warm-up, gamma 0.5) over 40 epochs, the encoder at a
tenth of the rate (Heo et al., 2021; Loshchilov and Hutter, 2017).

Score: not measured.
"""

_base_ = '../_base_/unet.py'

model = dict(backbone=_base_.efficientnet_b4, decode_head=dict(in_channels=_base_.widths_b4))
