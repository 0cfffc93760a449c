"""HTC with Swin-B and objects pasted in, badly found classes more after each validation.

    tools/dist_train.sh configs/trash/htc_swin_b_copy_paste_refreshed.py 4

Score: not measured.
"""

_base_ = ['../_base_/htc.py', '../_base_/augmentation.py']

model = _base_.swin_b
train_dataloader = dict(
    dataset=dict(_base_.mixed, _delete_=True, pipeline=[_base_.copy_paste, *_base_.augment, _base_.pack])
)
default_hooks = dict(copy_paste=_base_.refresh_copy_paste)
