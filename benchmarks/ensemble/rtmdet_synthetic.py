"""An RTMDet of a quarter of the width, without Mosaic: the one member without a Swin.

    python benchmarks/ensemble.py --only synthetic_train_rtmdet

Score: in ../ensemble.md.
"""

_base_ = [
    '../../configs/_base_/models/rtmdet.py',
    '../../configs/_base_/datasets/demo_boxes.py',
    '../../configs/_base_/schedules/demo.py',
    '../../configs/_base_/runtime.py',
]

model = dict(
    backbone=dict(deepen_factor=0.33, widen_factor=0.25),
    neck=dict(in_channels=[64, 128, 256], out_channels=64, num_csp_blocks=1),
    bbox_head=dict(in_channels=64, feat_channels=64, exp_on_reg=False),
    test_cfg=dict(max_per_img=50),
)
optim_wrapper = dict(paramwise_cfg=dict(bypass_duplicate=True))  # levels share layers of the head
