"""The demo Cascade Mask R-CNN on photographs, from its synthetic checkpoint.

    python benchmarks/ensemble.py --only photographs_cascade_mask_rcnn_swin

Score: in ../ensemble.md.
"""

_base_ = ['../../configs/demo/cascade_mask_rcnn_swin.py', './crops.py']

train_dataloader = dict(dataset=dict(pipeline=[*_base_.load, *_base_.crop, _base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=_base_.whole))
test_dataloader = val_dataloader
