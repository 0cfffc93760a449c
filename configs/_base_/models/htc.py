"""Hybrid Task Cascade without its semantic branch (trash sets have no stuff maps)."""

_base_ = './cascade_mask_rcnn.py'

model = dict(
    type='HybridTaskCascade',
    roi_head=dict(
        type='HybridTaskCascadeRoIHead',
        interleaved=True,
        mask_info_flow=True,
        mask_head=[
            # Each stage but the first also sees the mask features of the one before.
            dict(_base_.model.roi_head.mask_head, type='TrashHTCMaskHead', with_conv_res=stage > 0)
            for stage in range(3)
        ],
    ),
)
