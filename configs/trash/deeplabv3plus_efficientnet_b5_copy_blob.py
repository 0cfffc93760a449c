"""DeepLabV3+ with EfficientNet-b5 and batteries and clothing of other pictures pasted onto Background.

    tools/dist_train.sh configs/trash/deeplabv3plus_efficientnet_b5_copy_blob.py 4

Recipe: that of deeplabv3plus_efficientnet_b5.py.

Score: not measured.
"""

_base_ = ['../_base_/deeplabv3plus.py', '../_base_/mixing_segmentation.py']

model = dict(
    backbone=dict(_base_.efficientnet_b5, **_base_.dilated),
    decode_head=dict(_base_.stride16.decode_head, in_channels=_base_.widths_b5[4], c1_in_channels=_base_.widths_b5[1]),
    auxiliary_head=None,
)
train_dataloader = dict(
    dataset=dict(_base_.mixed, _delete_=True, pipeline=[_base_.copy_blob, *_base_.augment, _base_.pack])
)
