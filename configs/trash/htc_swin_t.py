"""HTC with Swin-T and an FPN, DIoU boxes, multi-scale training.

    tools/dist_train.sh configs/trash/htc_swin_t.py 4

Score: not measured.
"""

_base_ = [
    '../_base_/models/htc.py',
    '../_base_/models/swin.py',
    '../_base_/datasets/detection.py',
    '../_base_/schedules/cosine_20e.py',
    '../_base_/runtime.py',
]

model = _base_.swin_t
