"""A trash detection set in COCO format: ``--data-root`` says where, the json says which classes."""

data_root = 'data/trash'

# The training pipeline in parts, which a leaf may put together in another way: [*_base_.load, ..., _base_.pack].
load = [dict(type='LoadImageFromFile'), dict(type='LoadTrashAnnotations', with_mask=True)]
augment = [
    dict(type='RandomFlip', prob=0.5),
    dict(
        # Photographs of the trash sets are 1024 x 1024 or thereabouts: squares around and above that size, then wide
        # and tall shapes, which also change the aspect ratio.
        type='MultiScaleResize',
        squares=[768, 896, 1024, 1152, 1280],
        wide=[(1280, 896), (1152, 768)],
        tall=[(896, 1280), (768, 1152)],
        crop=(512, 896),
    ),
]
pack = dict(type='PackDetInputs')
train_pipeline = [*load, *augment, pack]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(1024, 1024), keep_ratio=True),
    dict(
        type='PackDetInputs',
        meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'),
    ),
]

dataset = dict(type='TrashDetDataset', data_root=data_root, ann_file='train.json')
# For augmentation that takes several pictures: dataset=dict(_base_.mixed, _delete_=True, pipeline=[...]).
mixed = dict(type='MultiImageMixDataset', dataset=dict(dataset, pipeline=load))

# Pictures over all cards and accumulation steps for one update of the weights; the batch per card follows from it.
total_batch_size = 8

train_dataloader = dict(
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='ResumableSampler', shuffle=True),
    dataset=dict(dataset, pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='ResumableSampler', shuffle=False),
    dataset=dict(
        type='TrashDetDataset', data_root=data_root, ann_file='val.json', test_mode=True, pipeline=test_pipeline
    ),
)
test_dataloader = val_dataloader

val_evaluator = dict(type='TrashCocoMetric')
test_evaluator = val_evaluator
