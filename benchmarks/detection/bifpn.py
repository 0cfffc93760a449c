"""The baseline with a BiFPN.

    python benchmarks/detection.py --only _bifpn_

Score: in ../detection.md.
"""

_base_ = ['../../configs/demo/cascade_mask_rcnn_swin.py', '../../configs/_base_/necks.py']

model = dict(neck=_base_.bifpn)
