"""The baseline with WIoU v3 boxes.

    python benchmarks/detection.py --only _wiou_

Score: in ../detection.md.
"""

_base_ = ['../../configs/demo/cascade_mask_rcnn_swin.py', '../../configs/_base_/box_losses.py']

loss = dict(_base_.wiou, settle_iterations=125)  # half of the training, as at full size
heads = [dict(head, loss_bbox=loss) for head in _base_.model.roi_head.bbox_head]
model = dict(roi_head=dict(bbox_head=heads))
