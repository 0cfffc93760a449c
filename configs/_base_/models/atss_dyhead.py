"""ATSS with six blocks of DyHead on Swin-L."""

_base_ = 'mmdet::dyhead/atss_swin-l-p4-w12_fpn_dyhead_ms-2x_coco.py'

# Only the architecture is inherited: upstream's data, schedule and hooks would stand in the way of ours.
for key in [*_base_]:
    if key != 'model':
        del _base_[key]
del key

model = dict(
    # As in the two-stage detectors: ignore regions are ignored, and no threshold cuts the tail that mAP counts.
    train_cfg=dict(assigner=dict(type='TrashATSSAssigner', ignore_iof_thr=0.5)),
    test_cfg=dict(score_thr=0.001),
)
