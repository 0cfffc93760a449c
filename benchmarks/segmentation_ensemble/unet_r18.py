"""The small U-Net on photographs.

    python benchmarks/segmentation_ensemble.py --only photographs_train_unet_r18

Score: in ../segmentation_ensemble.md.
"""

_base_ = ['./unet_r18_synthetic.py', '../segmentation/crops.py']

augment = [_base_.augment[0], *_base_.crops]
train_dataloader = dict(dataset=dict(pipeline=[*_base_.load, *augment, _base_.pack]))
test_pipeline = [_base_.load[0], _base_.whole, _base_.load[1], _base_.pack]
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
model = dict(data_preprocessor=dict(size=_base_.cropped))
