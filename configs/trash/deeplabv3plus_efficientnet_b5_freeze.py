"""DeepLabV3+ with EfficientNet-b5, the encoder frozen for the first three epochs.

    tools/dist_train.sh configs/trash/deeplabv3plus_efficientnet_b5_freeze.py 4

Recipe: AdamP and CosineAnnealingWarmUpRestarts (four cycles with a warm-up, gamma 0.5) over 40 epochs, the encoder at a
tenth of the rate (Heo et al., 2021; Loshchilov and Hutter, 2017).

Score: not measured.
"""

_base_ = '../_base_/deeplabv3plus.py'

model = dict(
    backbone=dict(_base_.efficientnet_b5, **_base_.dilated),
    decode_head=dict(_base_.stride16.decode_head, in_channels=_base_.widths_b5[4], c1_in_channels=_base_.widths_b5[1]),
    auxiliary_head=None,
)
custom_hooks = [_base_.freeze_encoder]
find_unused_parameters = True  # frozen ones have no gradient
