"""DeepLabV3+ with ResNeXt-101 (32 x 4d), output stride 16, 512 px crops, from ImageNet weights.

    tools/dist_train.sh configs/trash/deeplabv3plus_resnext101_32x4d.py 4

Recipe: AdamP and CosineAnnealingWarmUpRestarts (four cycles with a warm-up, gamma 0.5) over 40 epochs, the encoder at a
tenth of the rate (Heo et al., 2021; Loshchilov and Hutter, 2017).

Score: not measured.
"""

_base_ = '../_base_/deeplabv3plus.py'

model = dict(_base_.stride16, backbone=_base_.resnext101_32x4d)
