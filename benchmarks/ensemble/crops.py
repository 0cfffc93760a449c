"""Photographs at their own size, trained on crops: half of the objects are smaller than 28 px at 416 px."""

crop = [
    dict(type='RandomFlip', prob=[0.25, 0.25, 0.25], direction=['horizontal', 'vertical', 'diagonal']),
    dict(type='RandomChoiceResize', scales=[(352, 352), (416, 416), (480, 480)], keep_ratio=True),
    # Crops of 256 px cost half of a picture and show its objects no smaller than the synthetic ones were.
    dict(type='RandomCrop', crop_size=(256, 256), allow_negative_crop=True),
]
whole = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(416, 416), keep_ratio=True),
    dict(type='PackDetInputs', meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor')),
]
