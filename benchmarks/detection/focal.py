"""The baseline with sigmoid focal loss for the classes.

    python benchmarks/detection.py --only _focal_

Score: in ../detection.md.
"""

_base_ = ['../../configs/demo/cascade_mask_rcnn_swin.py', '../../configs/_base_/class_losses.py']

heads = [dict(head, **_base_.focal) for head in _base_.model.roi_head.bbox_head]
model = dict(roi_head=dict(bbox_head=heads))
