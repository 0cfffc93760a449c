"""The synthetic set for segmenters, at a size two CPU cores can train on."""

_base_ = './segmentation.py'

data_root = 'data/synthetic'

augment = [
    dict(type='RandomFlip', prob=[0.25, 0.25, 0.25], direction=['horizontal', 'vertical', 'diagonal']),
    dict(type='RandomChoiceResize', scales=[(160, 160), (192, 192)], keep_ratio=True),
]
train_pipeline = [*_base_.load, *augment, _base_.pack]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(192, 192), keep_ratio=True),
    dict(type='LoadTrashSegmentation'),
    _base_.pack,
]

dataset = dict(_base_.dataset, data_root=data_root)
mixed = dict(_base_.mixed, dataset=dict(dataset, pipeline=_base_.load))

total_batch_size = 8

# Loading a picture of this size takes milliseconds: workers would only compete with the model for the two cores.
train_dataloader = dict(
    num_workers=0, persistent_workers=False, dataset=dict(data_root=data_root, pipeline=train_pipeline)
)
val_dataloader = dict(
    batch_size=1, num_workers=0, persistent_workers=False, dataset=dict(data_root=data_root, pipeline=test_pipeline)
)
test_dataloader = val_dataloader
preprocess = dict(size=(192, 192))
