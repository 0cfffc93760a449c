"""The demo HTC: the same small Swin, with interleaved mask branches.

    python tools/train.py configs/demo/htc_swin.py --load-from none

Score: mAP50 0.524 on the demo's 80 synthetic validation pictures (bfloat16, seed 0, one CPU core of two, 6 minutes).
"""

_base_ = './cascade_mask_rcnn_swin.py'

model = dict(
    type='HybridTaskCascade',
    roi_head=dict(
        type='HybridTaskCascadeRoIHead',
        interleaved=True,
        mask_info_flow=True,
        mask_head=[
            dict(_base_.model.roi_head.mask_head, type='TrashHTCMaskHead', with_conv_res=stage > 0)
            for stage in range(3)
        ],
    ),
)
# Twice the Cascade's epochs: the demo's minutes have room for one detector beyond mAP50 0.5.
train_cfg = dict(max_epochs=4, val_interval=4)
param_scheduler = [_base_.param_scheduler[0], dict(_base_.param_scheduler[1], T_max=4, end=4)]
