"""ATSS with Swin-L, an FPN and six blocks of DyHead, multi-scale training, from upstream's COCO weights.

    tools/dist_train.sh configs/trash/atss_swin_l_dyhead.py 4

Score: not measured.
"""

_base_ = '../_base_/atss_dyhead.py'

load_from = (
    'https://download.openmmlab.com/mmdetection/v2.0/dyhead/atss_swin-l-p4-w12_fpn_dyhead_mstrain_2x_coco/'
    'atss_swin-l-p4-w12_fpn_dyhead_mstrain_2x_coco_20220509_100315-bc5b6516.pth'
)
