"""The demo Cascade Mask R-CNN on synthetic pictures, half of every epoch with real labels, half with pseudo labels.

    python benchmarks/pseudo_labels.py --only synthetic_calibrated_band_half_real

Score: in ../pseudo_labels.md.
"""

_base_ = ['../../configs/demo/cascade_mask_rcnn_swin.py', '../../configs/_base_/sampling.py']

train_dataloader = dict(sampler=_base_.half_real)
