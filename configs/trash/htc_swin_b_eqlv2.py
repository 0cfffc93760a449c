"""HTC with Swin-B: classes trained by Equalization loss v2, otherwise as htc_swin_b.

    tools/dist_train.sh configs/trash/htc_swin_b_eqlv2.py 4

Score: not measured.
"""

_base_ = ['../_base_/htc.py', '../_base_/class_losses.py']

model = dict(
    _base_.swin_b,
    roi_head=dict(bbox_head=[dict(head, **_base_.eqlv2) for head in _base_.model.roi_head.bbox_head]),
)
