"""DDQ DETR with Swin-L on four levels, multi-scale training, from upstream's COCO weights.

    tools/dist_train.sh configs/trash/ddq_swin_l.py 4

Score: not measured.
"""

_base_ = '../_base_/ddq.py'

load_from = 'https://download.openmmlab.com/mmdetection/v3.0/ddq/ddq_detr_swinl_30e.pth'
