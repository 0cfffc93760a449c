"""Cascade Mask R-CNN as the trash detectors use it; the leaf brings the backbone.

Against upstream: the box heads learn DIoU on decoded boxes, crowd and ignore
regions are really ignored (upstream's -1 switches that off, and what it
switches on does nothing in pictures without objects), instances without
a mask train the box branch only, and no score threshold cuts the tail that
mAP counts.
"""

_base_ = 'mmdet::_base_/models/cascade-mask-rcnn_r50_fpn.py'

ignoring = dict(type='TrashMaxIoUAssigner', ignore_iof_thr=0.5)

model = dict(
    data_preprocessor=dict(pad_mask=False),  # masks stay polygons, there is nothing to pad
    roi_head=dict(
        bbox_head=[
            # DIoU is bounded by 2 where smooth L1 on deltas is not: 10 brings it to the same weight.
            dict(
                head,
                type='TrashShared2FCBBoxHead',
                reg_decoded_bbox=True,
                loss_bbox=dict(type='DIoULoss', loss_weight=10.0),
            )
            for head in _base_.model.roi_head.bbox_head
        ],
        mask_head=dict(type='TrashFCNMaskHead'),
    ),
    train_cfg=dict(
        rpn=dict(assigner=ignoring),
        rcnn=[
            dict(
                stage,
                assigner=dict(stage.assigner, **ignoring),
                sampler=dict(stage.sampler, type='TrashRandomSampler'),
            )
            for stage in _base_.model.train_cfg.rcnn
        ],
    ),
    test_cfg=dict(rcnn=dict(score_thr=0.001)),
)
