"""The detection set with Mosaic and MixUp (YOLOX, Ge et al., 2021), boxes alone.

The last epochs of a training see pictures as they are (``stop_mixing``); a family sets how many.
"""

_base_ = './detection_boxes.py'

side = 1024
train_pipeline = [
    dict(type='TrashMosaic', img_scale=(side, side)),
    # Cuts the square of twice the side that Mosaic makes back to its middle, at another scale each time;
    # upstream's range for its smallest models, since at a tenth of its size trash is a few pixels.
    dict(type='RandomAffine', scaling_ratio_range=(0.5, 1.5), border=(-side // 2, -side // 2)),
    dict(type='TrashMixUp', img_scale=(side, side), ratio_range=(0.8, 1.6)),
    dict(type='YOLOXHSVRandomAug'),
    dict(type='RandomFlip', prob=0.5),
    # For the last epochs; before them pictures have this size already.
    dict(type='Resize', scale=(side, side), keep_ratio=True),
    dict(type='Pad', size=(side, side), pad_val=dict(img=(114, 114, 114))),
    dict(type='FilterAnnotations', min_gt_bbox_wh=(1, 1), keep_empty=False),
    _base_.pack,
]
train_dataloader = dict(dataset=dict(_base_.mixed, _delete_=True, pipeline=train_pipeline))
stop_mixing = dict(type='StopMixingHook', transforms=['TrashMosaic', 'RandomAffine', 'TrashMixUp'])
