"""Mask2Former with Swin-B, 100 queries, 512 px crops, from upstream's ADE20K weights.

    tools/dist_train.sh configs/trash/mask2former_swin_b.py 4

Recipe: AdamW, LinearLR up, PolyLR of power 0.9 down and a MultiStepLR of two late steps over 60 epochs (Cheng et al.,
2022, section 4.2, whose two steps these are; the decay is upstream's).

Score: not measured.
"""

_base_ = '../_base_/mask2former.py'

model = dict(backbone=_base_.swin_b.backbone, decode_head=dict(in_channels=_base_.swin_b.neck.in_channels))
load_from = (
    'https://mmassets.onedl.ai/mmsegmentation/v0.5/mask2former/mask2former_swin-b-in22k-384x384-pre_8xb2-160k_ade20k-640x640/'
    'mask2former_swin-b-in22k-384x384-pre_8xb2-160k_ade20k-640x640_20221203_235230-7ec0f569.pth'
)
