"""YOLOX of size s; a leaf picks a larger one, ``model = _base_.yolox_l``."""

_base_ = 'mmdet::yolox/yolox_s_8xb8-300e_coco.py'

# Only the architecture is inherited: upstream's data, schedule and hooks would stand in the way of ours.
for key in [*_base_]:
    if key != 'model':
        del _base_[key]
del key

# Upstream averages the statistics of the cards before each validation; this keeps them equal all along.
sync_bn = 'torch'

model = dict(
    data_preprocessor=dict(
        pad_value=114,  # the grey that Mosaic fills gaps with, in training and testing alike
        batch_augments=[dict(type='TrashBatchResize', random_size_range=(768, 1280), size_divisor=32, interval=10)],
    ),
    bbox_head=dict(type='TrashYOLOXHead'),
    # No threshold cuts the tail that mAP counts; a limit keeps the files small instead.
    test_cfg=dict(score_thr=0.001, nms=dict(max_num=300)),
)

yolox_l = dict(
    backbone=dict(deepen_factor=1.0, widen_factor=1.0),
    neck=dict(in_channels=[256, 512, 1024], out_channels=256, num_csp_blocks=3),
    bbox_head=dict(in_channels=256, feat_channels=256),
)
yolox_x = dict(
    backbone=dict(deepen_factor=1.33, widen_factor=1.25),
    neck=dict(in_channels=[320, 640, 1280], out_channels=320, num_csp_blocks=4),
    bbox_head=dict(in_channels=320, feat_channels=320),
)
