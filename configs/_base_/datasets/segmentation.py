"""A trash segmentation set in COCO format: ``--data-root`` says where, the json says which classes.

Every pixel has a class: Background where no mask is, 255 (no part in loss and score) in crowds and ignore regions.
"""

data_root = 'data/trash'

# The training pipeline in parts, which a leaf may put together in another way: [*_base_.load, ..., _base_.pack].
load = [dict(type='LoadImageFromFile'), dict(type='LoadTrashSegmentation')]
crop_size = (512, 512)  # height, width
# Photographs of the trash sets are 512 x 512: scales from half to twice that, cut to one size.
resize = dict(type='RandomResize', scale=(512, 512), ratio_range=(0.5, 2.0), keep_ratio=True)
crop = dict(type='RandomCrop', crop_size=crop_size, cat_max_ratio=0.95)
flip = dict(type='RandomFlip', prob=0.5)
photometric = dict(type='PhotoMetricDistortion')
augment = [resize, crop, flip, photometric]
meta_keys = (
    *('img_id', 'img_path', 'ori_shape', 'img_shape', 'pad_shape', 'scale_factor'),
    *('flip', 'flip_direction', 'reduce_zero_label'),
)
pack = dict(type='PackSegInputs', meta_keys=meta_keys)
train_pipeline = [*load, *augment, pack]
# The label map is loaded after resizing: it keeps the size of the photograph, at which scores are taken.
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(512, 512), keep_ratio=True),
    dict(type='LoadTrashSegmentation'),
    pack,
]

dataset = dict(type='TrashSegDataset', data_root=data_root, ann_file='train.json')
# For augmentation that takes several pictures: dataset=dict(_base_.mixed, _delete_=True, pipeline=[...]).
mixed = dict(type='MultiImageMixDataset', dataset=dict(dataset, pipeline=load))

# Pictures over all cards and accumulation steps for one update of the weights; the batch per card follows from it.
total_batch_size = 16

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
        type='TrashSegDataset', data_root=data_root, ann_file='val.json', test_mode=True, pipeline=test_pipeline
    ),
)
test_dataloader = val_dataloader

val_evaluator = dict(type='TrashIoUMetric')
test_evaluator = val_evaluator

# What models take their pictures through; a crop smaller than crop_size is padded, its padding counts as 255.
preprocess = dict(
    type='SegDataPreProcessor',
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    bgr_to_rgb=True,
    pad_val=0,
    seg_pad_val=255,
    size=crop_size,
    test_cfg=dict(size_divisor=32),  # what the coarsest maps divide pictures by
)
