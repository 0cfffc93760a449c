"""The demo's Mask2Former on photographs.

    python benchmarks/segmentation.py --only photographs_mask2former_swin_

Score: in ../segmentation.md.
"""

_base_ = ['../../configs/demo/mask2former_swin.py', './crops.py']

augment = [_base_.augment[0], *_base_.crops]
train_dataloader = dict(dataset=dict(pipeline=[*_base_.load, *augment, _base_.pack]))
test_pipeline = [_base_.load[0], _base_.whole, _base_.load[1], _base_.pack]
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
model = dict(data_preprocessor=dict(size=_base_.cropped))
