"""The demo Cascade Mask R-CNN: a Swin of 32 channels on 192 px, from scratch on two CPU cores.

    python tools/train.py configs/demo/cascade_mask_rcnn_swin.py --load-from none

Score: mAP50 0.409 on the demo's 80 synthetic validation pictures (bfloat16, seed 0, one CPU core of two, 3 minutes).
"""

_base_ = [
    '../_base_/models/cascade_mask_rcnn.py',
    '../_base_/models/swin.py',
    '../_base_/datasets/demo.py',
    '../_base_/schedules/demo.py',
    '../_base_/runtime.py',
]

# Pictures of this size hold a few objects: fewer candidates than the published 512 and 2000 do.
model = dict(
    backbone=_base_.swin_demo.backbone,
    neck=dict(_base_.swin_demo.neck, out_channels=64),
    rpn_head=dict(in_channels=64, feat_channels=64),
    roi_head=dict(
        bbox_roi_extractor=dict(out_channels=64),
        bbox_head=[dict(head, in_channels=64, fc_out_channels=256) for head in _base_.model.roi_head.bbox_head],
        mask_roi_extractor=dict(out_channels=64),
        mask_head=dict(in_channels=64, conv_out_channels=64, num_convs=2),
    ),
    train_cfg=dict(
        rpn=dict(sampler=dict(num=64)),
        rpn_proposal=dict(nms_pre=500, max_per_img=200),
        rcnn=[dict(stage, sampler=dict(stage.sampler, num=48)) for stage in _base_.model.train_cfg.rcnn],
    ),
    test_cfg=dict(rpn=dict(nms_pre=300, max_per_img=100), rcnn=dict(max_per_img=50)),
)
