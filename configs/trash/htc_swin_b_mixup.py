"""HTC with Swin-B and blends of two pictures.

    tools/dist_train.sh configs/trash/htc_swin_b_mixup.py 4

Score: not measured.
"""

_base_ = ['../_base_/htc.py', '../_base_/augmentation.py']

model = _base_.swin_b
train_dataloader = dict(
    dataset=dict(_base_.mixed, _delete_=True, pipeline=[_base_.mixup, *_base_.augment, _base_.pack])
)
