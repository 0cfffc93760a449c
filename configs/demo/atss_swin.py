"""The demo ATSS: the demo's small Swin and an FPN, heads of two convolutions.

    python tools/train.py configs/demo/atss_swin.py --load-from none

Score: not measured.
"""

_base_ = [
    '../_base_/models/atss.py',
    '../_base_/models/swin.py',
    '../_base_/datasets/demo_boxes.py',
    '../_base_/schedules/demo.py',
    '../_base_/runtime.py',
]

model = dict(
    backbone=dict(_base_.swin_demo.backbone, out_indices=(1, 2, 3)),
    neck=dict(in_channels=_base_.swin_demo.neck.in_channels[1:], out_channels=64, start_level=0),
    bbox_head=dict(in_channels=64, feat_channels=64, stacked_convs=2),
    test_cfg=dict(nms_pre=300, max_per_img=50),
)
