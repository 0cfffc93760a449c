"""The demo Cascade Mask R-CNN on photographs, half of every epoch with real labels, half with pseudo labels.

    python benchmarks/pseudo_labels.py --only photographs_calibrated_band_half_real

Score: in ../pseudo_labels.md.
"""

_base_ = ['../ensemble/cascade_mask_rcnn_swin.py', '../../configs/_base_/sampling.py']

train_dataloader = dict(sampler=_base_.half_real)
