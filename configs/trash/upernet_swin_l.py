"""UPerNet with Swin-L, 512 px crops, from ImageNet-22k weights.

    tools/dist_train.sh configs/trash/upernet_swin_l.py 4

Recipe: AdamW, LinearLR up and PolyLR of power 1 down over 40 epochs (Liu et al., 2021, section A2.3).

Score: not measured.
"""

_base_ = '../_base_/upernet.py'

model = dict(
    backbone=_base_.swin_l.backbone,
    decode_head=dict(in_channels=_base_.swin_l.neck.in_channels),
    auxiliary_head=dict(in_channels=_base_.swin_l.neck.in_channels[2]),
)
