"""MiniCity at half its size, 1024 x 512 px; scores are taken at the full size all the same."""

_base_ = './minicity.py'

crop_size = (384, 768)  # height, width
resize = dict(scale=(1024, 512))
crop = dict(crop_size=crop_size)
augment = [dict(_base_.resize, **resize), dict(_base_.crop, **crop), _base_.flip, _base_.photometric]
train_pipeline = [*_base_.load, *augment, _base_.pack]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(1024, 512), keep_ratio=True),
    dict(type='LoadTrashSegmentation'),
    _base_.pack,
]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
preprocess = dict(size=crop_size)
