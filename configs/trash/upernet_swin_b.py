"""UPerNet with Swin-B, 512 px crops, from upstream's ADE20K weights.

    tools/dist_train.sh configs/trash/upernet_swin_b.py 4

Recipe: AdamW, LinearLR up and PolyLR of power 1 down over 40 epochs (Liu et al., 2021, section A2.3).

Score: not measured.
"""

_base_ = '../_base_/upernet.py'

model = dict(
    backbone=_base_.swin_b.backbone,
    decode_head=dict(in_channels=_base_.swin_b.neck.in_channels),
    auxiliary_head=dict(in_channels=_base_.swin_b.neck.in_channels[2]),
)
load_from = (
    'https://mmassets.onedl.ai/mmsegmentation/v0.5/swin/upernet_swin_base_patch4_window12_512x512_160k_ade20k_pretrain_384x384_22K/'
    'upernet_swin_base_patch4_window12_512x512_160k_ade20k_pretrain_384x384_22K_20210531_125459-429057bf.pth'
)
