"""The demo UPerNet: the demo's small Swin, a head of 64 channels.

    python tools/train.py configs/demo/upernet_swin.py --load-from none

Score: mIoU 0.367 on the demo's 80 synthetic validation pictures (bfloat16, seed 0, one CPU core).
"""

_base_ = [
    '../_base_/models/upernet.py',
    '../_base_/models/swin.py',
    '../_base_/datasets/demo_segmentation.py',
    '../_base_/schedules/demo.py',
    '../_base_/runtime_segmentation.py',
]

widths = _base_.swin_demo.neck.in_channels
model = dict(
    data_preprocessor=_base_.preprocess,
    backbone=_base_.swin_demo.backbone,
    decode_head=dict(in_channels=widths, channels=64, loss_decode=_base_.quiet_background),
    auxiliary_head=dict(in_channels=widths[2], channels=64),
)
train_cfg = dict(max_epochs=7, val_interval=7)
param_scheduler = [_base_.param_scheduler[0], dict(_base_.param_scheduler[1], T_max=7, end=7)]
