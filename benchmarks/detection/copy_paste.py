"""The baseline with objects pasted in from other pictures, drawn anew for each.

    python benchmarks/detection.py --only _copy_paste_

Score: in ../detection.md.
"""

_base_ = ['../../configs/demo/cascade_mask_rcnn_swin.py', '../../configs/_base_/augmentation.py']

train_dataloader = dict(
    dataset=dict(_base_.mixed, _delete_=True, pipeline=[_base_.copy_paste, *_base_.augment, _base_.pack])
)
