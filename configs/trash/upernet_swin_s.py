"""UPerNet with Swin-S, 512 px crops, from upstream's ADE20K weights.

    tools/dist_train.sh configs/trash/upernet_swin_s.py 4

Recipe: AdamW, LinearLR up and PolyLR of power 1 down over 40 epochs (Liu et al., 2021, section A2.3).

Score: not measured.
"""

_base_ = '../_base_/upernet.py'

model = dict(
    backbone=_base_.swin_s.backbone,
    decode_head=dict(in_channels=_base_.swin_s.neck.in_channels),
    auxiliary_head=dict(in_channels=_base_.swin_s.neck.in_channels[2]),
)
load_from = (
    'https://mmassets.onedl.ai/mmsegmentation/v0.5/swin/upernet_swin_small_patch4_window7_512x512_160k_ade20k_pretrain_224x224_1K/'
    'upernet_swin_small_patch4_window7_512x512_160k_ade20k_pretrain_224x224_1K_20210526_192015-ee2fff1c.pth'
)
