"""The demo's Cascade Mask R-CNN as it is: FPN, DIoU, cross entropy, two sizes, each picture once an epoch.

    python benchmarks/detection.py --only _baseline_

Score: in ../detection.md.
"""

_base_ = '../../configs/demo/cascade_mask_rcnn_swin.py'
