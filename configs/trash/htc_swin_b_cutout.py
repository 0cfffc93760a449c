"""HTC with Swin-B and grey patches over the pictures.

    tools/dist_train.sh configs/trash/htc_swin_b_cutout.py 4

Score: not measured.
"""

_base_ = ['../_base_/htc.py', '../_base_/augmentation.py']

model = _base_.swin_b
train_dataloader = dict(dataset=dict(pipeline=[*_base_.load, *_base_.augment, _base_.cutout, _base_.pack]))
