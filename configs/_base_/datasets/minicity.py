"""MiniCity: street scenes of 2048 x 1024 px, 200 to train and 100 to validate on, 19 classes, as label pictures.

``python tools/index_labels.py data/minicity --classes minicity`` writes the json files, once; no picture is converted.
"""

_base_ = './segmentation.py'

data_root = 'data/minicity'
crop_size = (576, 1152)  # height, width
# Width and height; the factors, flips and changes of colour are those of the recipe that the leaves follow.
resize = dict(scale=(2048, 1024), ratio_range=(0.75, 2.0))
crop = dict(crop_size=crop_size)
augment = [dict(_base_.resize, **resize), dict(_base_.crop, **crop), _base_.flip, _base_.photometric]
train_pipeline = [*_base_.load, *augment, _base_.pack]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(2048, 1024), keep_ratio=True),
    dict(type='LoadTrashSegmentation'),
    _base_.pack,
]

dataset = dict(_base_.dataset, data_root=data_root)
mixed = dict(_base_.mixed, dataset=dict(dataset, pipeline=_base_.load))

total_batch_size = 8

train_dataloader = dict(dataset=dict(data_root=data_root, pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(data_root=data_root, pipeline=test_pipeline))
test_dataloader = val_dataloader
preprocess = dict(size=crop_size)
