"""DeepLabV3+ with EfficientNet-b5, the encoder frozen for the first three epochs.

    tools/dist_train.sh configs/trash/deeplabv3plus_efficientnet_b5_freeze.py 4

Recipe: that of deeplabv3plus_efficientnet_b5.py.

Score: not measured.
"""

_base_ = '../_base_/deeplabv3plus.py'

model = _base_.on_efficientnet_b5
custom_hooks = [_base_.freeze_encoder]
find_unused_parameters = True  # frozen ones have no gradient
