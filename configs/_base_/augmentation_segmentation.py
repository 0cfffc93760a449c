"""Augmentations of segmenters to choose from, each for itself.

A leaf puts one between loading and what its data set does anyway, or several::

    train_dataloader = dict(dataset=dict(pipeline=[*_base_.load, _base_.rotate, *_base_.augment, _base_.pack]))

``resized_crop`` and the two ``multi_scale`` bring pictures to a size: they take the place of ``_base_.resize`` in
that list, ``resized_crop`` that of ``_base_.crop``, too; pictures of several scales need the crop to fit into a
batch. What mixes several pictures is in mixing_segmentation.py. Where pixels come from outside of a picture, the
label map has 255 there. Steps that change colours take pictures of whole numbers: before ``photometric``, which gives
fractions.
"""

flip_horizontal = dict(type='RandomFlip', prob=0.5, direction='horizontal')
flip_vertical = dict(type='RandomFlip', prob=0.5, direction='vertical')

constant = dict(border_mode=0, fill=(114, 114, 114))
rotate = dict(type='TrashAlbu', transforms=[dict(type='Rotate', limit=45, p=0.5, **constant)])
shift_scale_rotate = dict(
    type='TrashAlbu',
    transforms=[
        dict(
            type='Affine',
            translate_percent=(-0.06, 0.06),
            scale=(0.8, 1.2),
            keep_ratio=True,
            rotate=(-30, 30),
            p=0.5,
            **constant,
        ),
    ],
)
grid_distortion = dict(type='TrashAlbu', transforms=[dict(type='GridDistortion', distort_limit=0.3, p=0.3)])
elastic = dict(type='TrashAlbu', transforms=[dict(type='ElasticTransform', alpha=20, sigma=6, p=0.3)])

channel_shuffle = dict(type='TrashAlbu', transforms=[dict(type='ChannelShuffle', p=0.2)])
clahe = dict(type='RandomApply', prob=0.2, transforms=[dict(type='CLAHE', clip_limit=2.0)])
brightness_contrast = dict(
    type='TrashAlbu',
    transforms=[dict(type='RandomBrightnessContrast', brightness_limit=0.2, contrast_limit=0.2, p=0.5)],
)
colour_jitter = dict(
    type='TrashAlbu',
    transforms=[dict(type='ColorJitter', brightness=0.2, contrast=0.2, saturation=0.2, hue=0.05, p=0.5)],
)
# What is covered costs nothing: nobody can tell what lies below.
cutout = dict(
    type='RandomCutOut',
    prob=0.5,
    n_holes=(1, 6),
    cutout_ratio=[(0.04, 0.04), (0.08, 0.08), (0.12, 0.12)],
    fill_in=(114, 114, 114),
    seg_fill_in=255,
)

resized_crop = dict(type='TrashAlbu', transforms=[dict(type='RandomResizedCrop', size=(512, 512), scale=(0.25, 1.0))])
multi_scale_1024 = dict(
    type='RandomChoiceResize', scales=[(side, side) for side in range(256, 1025, 128)], keep_ratio=True
)
multi_scale_1280 = dict(
    type='RandomChoiceResize', scales=[(side, side) for side in range(320, 1281, 160)], keep_ratio=True
)
