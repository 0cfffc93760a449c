"""HTC with Swin-B: Inner-DIoU boxes (overlap of boxes shrunk to 0.75), otherwise as htc_swin_b.

    tools/dist_train.sh configs/trash/htc_swin_b_inner_iou.py 4

Score: not measured.
"""

_base_ = ['../_base_/htc.py', '../_base_/box_losses.py']

model = dict(
    _base_.swin_b,
    roi_head=dict(bbox_head=[dict(head, loss_bbox=_base_.inner_iou) for head in _base_.model.roi_head.bbox_head]),
)
