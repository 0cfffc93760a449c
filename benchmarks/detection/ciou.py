"""The baseline with CIoU boxes.

    python benchmarks/detection.py --only _ciou_

Score: in ../detection.md.
"""

_base_ = ['../../configs/demo/cascade_mask_rcnn_swin.py', '../../configs/_base_/box_losses.py']

heads = [dict(head, loss_bbox=_base_.ciou) for head in _base_.model.roi_head.bbox_head]
model = dict(roi_head=dict(bbox_head=heads))
