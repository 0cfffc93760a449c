"""HTC with Swin-B and Albumentations' changes of colour.

    tools/dist_train.sh configs/trash/htc_swin_b_albu.py 4

Needs albumentations below 2.

Score: not measured.
"""

_base_ = ['../_base_/htc.py', '../_base_/augmentation.py']

model = _base_.swin_b
train_dataloader = dict(dataset=dict(pipeline=[*_base_.load, _base_.albu, *_base_.augment, _base_.pack]))
