"""HTC with Swin-B and mosaics of four pictures.

    tools/dist_train.sh configs/trash/htc_swin_b_mosaic.py 4

Score: not measured.
"""

_base_ = ['../_base_/htc.py', '../_base_/augmentation.py']

model = _base_.swin_b
train_dataloader = dict(
    dataset=dict(_base_.mixed, _delete_=True, pipeline=[_base_.mosaic, *_base_.augment, _base_.pack])
)
