"""Augmentations to choose from, for any data set of ``datasets/``.

A leaf puts one between loading and what its data set does anyway::

    train_dataloader = dict(dataset=dict(pipeline=[*_base_.load, _base_.rotate90, *_base_.augment, _base_.pack]))

What mixes several pictures goes into a wrapper, whose inner data set only loads (see htc_swin_b_mosaic.py).  Steps
that change colours take pictures of whole numbers: before ``photometric``, which gives fractions.
"""

# Trash on the ground has no upright.
rotate90 = dict(type='RandomRotate90', prob=0.75)

# Sizes follow the first picture, so that these serve photographs and demo pictures alike.
# The four meet near the middle: what they leave bare is grey.
mosaic = dict(type='TrashMosaic', center_ratio_range=(0.7, 1.3), prob=0.5)
mixup = dict(type='TrashMixUp', prob=0.3)

cutout = dict(
    type='CutOut', n_holes=(1, 6), cutout_ratio=[(0.04, 0.04), (0.08, 0.08), (0.12, 0.12)], fill_in=(114,) * 3
)

brightness_contrast = [
    dict(type='Brightness', prob=0.3, min_mag=0.7, max_mag=1.3),
    dict(type='Contrast', prob=0.3, min_mag=0.7, max_mag=1.3),
]
# Brightness, contrast, saturation, hue and the order of the channels.
photometric = dict(type='PhotoMetricDistortion')
clahe = dict(type='RandomApply', prob=0.2, transforms=[dict(type='mmseg.CLAHE', clip_limit=2.0)])

# Colours only: masks are not touched, and stay polygons.
albu = dict(
    type='TrashAlbu',
    transforms=[
        dict(type='CLAHE', clip_limit=2.0, p=0.2),
        dict(type='RandomBrightnessContrast', brightness_limit=0.2, contrast_limit=0.2, p=0.3),
        dict(type='ChannelShuffle', p=0.1),
        dict(
            type='OneOf',
            transforms=[dict(type='GaussNoise', std_range=(0.02, 0.08)), dict(type='MotionBlur', blur_limit=5)],
            p=0.2,
        ),
        dict(type='ImageCompression', quality_range=(60, 95), p=0.2),
    ],
)

# Rare classes more: each class is drawn by the inverse square root of its frequency.
copy_paste = dict(type='TrashCopyPaste', class_weights='rare', num_objects=(1, 3), scale=(0.5, 1.5), prob=0.5)
refresh_copy_paste = dict(type='RefreshCopyPasteHook')
