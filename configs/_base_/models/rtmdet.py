"""RTMDet of size l; a leaf picks a smaller one, ``model = _base_.rtmdet_s``."""

_base_ = 'mmdet::rtmdet/rtmdet_l_8xb32-300e_coco.py'

# Only the architecture is inherited: upstream's data, schedule and hooks would stand in the way of ours.
for key in [*_base_]:
    if key != 'model':
        del _base_[key]
del key

# Synchronised between cards by the key of this name, which ranks on the CPU do without.
plain_norm = dict(norm_cfg=dict(type='BN'))
sync_bn = 'torch'

model = dict(
    data_preprocessor=dict(pad_size_divisor=32),  # upstream pads all pictures to one size instead
    backbone=plain_norm,
    neck=plain_norm,
    bbox_head=plain_norm,
    train_cfg=dict(assigner=dict(type='TrashDynamicSoftLabelAssigner', ignore_iof_thr=0.5)),
)

rtmdet_s = dict(
    backbone=dict(deepen_factor=0.33, widen_factor=0.5),
    neck=dict(in_channels=[128, 256, 512], out_channels=128, num_csp_blocks=1),
    bbox_head=dict(in_channels=128, feat_channels=128, exp_on_reg=False),
)
rtmdet_m = dict(
    backbone=dict(deepen_factor=0.67, widen_factor=0.75),
    neck=dict(in_channels=[192, 384, 768], out_channels=192, num_csp_blocks=2),
    bbox_head=dict(in_channels=192, feat_channels=192),
)
