"""DeepLabV3+ with EfficientNet-b5, output stride 16, 512 px crops, from ImageNet weights.

    tools/dist_train.sh configs/trash/deeplabv3plus_efficientnet_b5.py 4

Recipe: AdamP and CosineAnnealingWarmUpRestarts (four cycles with a warm-up, gamma 0.5) over 40 epochs, the encoder at a
tenth of the rate (Heo et al., 2021; Loshchilov and Hutter, 2017).

Score: not measured.
"""

_base_ = '../_base_/deeplabv3plus.py'

model = _base_.on_efficientnet_b5
