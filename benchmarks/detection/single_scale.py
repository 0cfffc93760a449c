"""The baseline with training pictures of one size.

    python benchmarks/detection.py --only _single_scale_

Score: in ../detection.md.
"""

_base_ = ['../../configs/demo/cascade_mask_rcnn_swin.py']

flip, _ = _base_.augment
pipeline = [*_base_.load, flip, dict(type='Resize', scale=(192, 192), keep_ratio=True), _base_.pack]
train_dataloader = dict(dataset=dict(pipeline=pipeline))
