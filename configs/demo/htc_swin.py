"""The demo HTC: the same small Swin, with interleaved mask branches.

    python tools/train.py configs/demo/htc_swin.py --load-from none

Score: not measured.
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
