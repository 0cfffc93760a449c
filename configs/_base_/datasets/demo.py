"""The synthetic set at a size two CPU cores can train on."""

data_root = 'data/synthetic'

load = [dict(type='LoadImageFromFile'), dict(type='LoadTrashAnnotations', with_mask=True)]
augment = [
    dict(type='RandomFlip', prob=[0.25, 0.25, 0.25], direction=['horizontal', 'vertical', 'diagonal']),
    dict(type='RandomChoiceResize', scales=[(160, 160), (192, 192)], keep_ratio=True),
]
pack = dict(type='PackDetInputs')
train_pipeline = [*load, *augment, pack]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(192, 192), keep_ratio=True),
    dict(type='PackDetInputs', meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor')),
]

dataset = dict(type='TrashDetDataset', data_root=data_root, ann_file='train.json')
mixed = dict(type='MultiImageMixDataset', dataset=dict(dataset, pipeline=load))

total_batch_size = 8

# Loading a picture of this size takes milliseconds: workers would only compete with the model for the two cores.
train_dataloader = dict(
    num_workers=0,
    sampler=dict(type='ResumableSampler', shuffle=True),
    dataset=dict(dataset, pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=4,
    num_workers=0,
    sampler=dict(type='ResumableSampler', shuffle=False),
    dataset=dict(
        type='TrashDetDataset', data_root=data_root, ann_file='val.json', test_mode=True, pipeline=test_pipeline
    ),
)
test_dataloader = val_dataloader

val_evaluator = dict(type='TrashCocoMetric')
test_evaluator = val_evaluator
