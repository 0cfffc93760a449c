"""HTC with Swin-B and quarter turns.

    tools/dist_train.sh configs/trash/htc_swin_b_rot90.py 4

Score: not measured.
"""

_base_ = ['../_base_/htc.py', '../_base_/augmentation.py']

model = _base_.swin_b
train_dataloader = dict(dataset=dict(pipeline=[*_base_.load, _base_.rotate90, *_base_.augment, _base_.pack]))
