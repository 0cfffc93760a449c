"""SegFormer B0, 512 px crops, from upstream's ADE20K weights.

    tools/dist_train.sh configs/trash/segformer_b0.py 4

Recipe: AdamW, LinearLR up and PolyLR of power 1 down over 40 epochs (Xie et al., 2021, section 4.1).

Score: not measured.
"""

_base_ = '../_base_/segformer.py'

load_from = (
    'https://mmassets.onedl.ai/mmsegmentation/v0.5/segformer/segformer_mit-b0_512x512_160k_ade20k/'
    'segformer_mit-b0_512x512_160k_ade20k_20210726_101530-8ffa8fda.pth'
)
