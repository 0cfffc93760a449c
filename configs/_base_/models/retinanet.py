"""RetinaNet; the leaf brings the backbone."""

_base_ = 'mmdet::_base_/models/retinanet_r50_fpn.py'

model = dict(
    # As in the two-stage detectors: ignore regions are ignored, and no threshold cuts the tail that mAP counts.
    train_cfg=dict(assigner=dict(type='TrashMaxIoUAssigner', ignore_iof_thr=0.5)),
    test_cfg=dict(score_thr=0.001),
)
