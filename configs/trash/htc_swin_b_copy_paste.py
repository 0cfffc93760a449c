"""HTC with Swin-B and objects of other pictures pasted in, rare classes more.

    tools/dist_train.sh configs/trash/htc_swin_b_copy_paste.py 4

Score: not measured.
"""

_base_ = ['../_base_/htc.py', '../_base_/augmentation.py']

model = _base_.swin_b
train_dataloader = dict(
    dataset=dict(_base_.mixed, _delete_=True, pipeline=[_base_.copy_paste, *_base_.augment, _base_.pack])
)
