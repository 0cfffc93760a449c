"""The baseline with cross entropy smoothed by 0.1.

    python benchmarks/detection.py --only _label_smoothing_

Score: in ../detection.md.
"""

_base_ = ['../../configs/demo/cascade_mask_rcnn_swin.py', '../../configs/_base_/class_losses.py']

heads = [dict(head, **_base_.label_smoothing) for head in _base_.model.roi_head.bbox_head]
model = dict(roi_head=dict(bbox_head=heads))
