"""DeepLabV3+ with EfficientNet-b5 and blobs pasted in, badly found classes more after each validation.

    tools/dist_train.sh configs/trash/deeplabv3plus_efficientnet_b5_copy_paste.py 4

Recipe: that of deeplabv3plus_efficientnet_b5.py.

Score: not measured.
"""

_base_ = ['../_base_/deeplabv3plus.py', '../_base_/mixing_segmentation.py']

model = _base_.on_efficientnet_b5
train_dataloader = dict(
    dataset=dict(_base_.mixed, _delete_=True, pipeline=[_base_.copy_paste, *_base_.augment, _base_.pack])
)
default_hooks = dict(copy_paste=_base_.refresh_copy_paste)
