"""DINO with Swin-L on five levels, multi-scale training, from upstream's COCO weights.

    tools/dist_train.sh configs/trash/dino_swin_l.py 4

Score: not measured.
"""

_base_ = '../_base_/dino.py'

model = _base_.swin_l
load_from = (
    'https://download.openmmlab.com/mmdetection/v3.0/dino/dino-5scale_swin-l_8xb2-12e_coco/'
    'dino-5scale_swin-l_8xb2-12e_coco_20230228_072924-a654145f.pth'
)
