"""The baseline with the multi-scale block of the full-size detectors, a fifth to a sixth of its sizes.

    python benchmarks/detection.py --only _multi_scale_

Score: in ../detection.md.
"""

_base_ = ['../../configs/demo/cascade_mask_rcnn_swin.py']

flip, _ = _base_.augment
resize = dict(
    type='MultiScaleResize',
    squares=[144, 168, 192, 216, 240],
    wide=[(240, 168), (216, 144)],
    tall=[(168, 240), (144, 216)],
    crop=(96, 168),
)
train_dataloader = dict(dataset=dict(pipeline=[*_base_.load, flip, resize, _base_.pack]))
