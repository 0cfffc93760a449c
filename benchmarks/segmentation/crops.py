"""Photographs at their own size, trained on crops: half of the objects are smaller than 28 px at 416 px."""

cropped = (256, 256)
crops = [
    dict(type='RandomChoiceResize', scales=[(352, 352), (416, 416), (480, 480)], keep_ratio=True),
    # Crops of 256 px cost half of a picture and show its objects no smaller than the synthetic ones were.
    dict(type='RandomCrop', crop_size=cropped, cat_max_ratio=0.95),
]
whole = dict(type='Resize', scale=(416, 416), keep_ratio=True)
