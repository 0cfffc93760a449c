"""The baseline with blends of two pictures.

    python benchmarks/detection.py --only _mixup_

Score: in ../detection.md.
"""

_base_ = ['../../configs/demo/cascade_mask_rcnn_swin.py', '../../configs/_base_/augmentation.py']

train_dataloader = dict(
    dataset=dict(_base_.mixed, _delete_=True, pipeline=[_base_.mixup, *_base_.augment, _base_.pack])
)
