"""HTC with Swin-B: SIoU boxes, otherwise as htc_swin_b.

    tools/dist_train.sh configs/trash/htc_swin_b_siou.py 4

Score: not measured.
"""

_base_ = ['../_base_/htc.py', '../_base_/box_losses.py']

model = dict(
    _base_.swin_b,
    roi_head=dict(bbox_head=[dict(head, loss_bbox=_base_.siou) for head in _base_.model.roi_head.bbox_head]),
)
