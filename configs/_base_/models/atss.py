"""ATSS with an FPN; the leaf brings the backbone."""

_base_ = 'mmdet::atss/atss_r50_fpn_1x_coco.py'

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
