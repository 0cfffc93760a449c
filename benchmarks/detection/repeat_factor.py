"""The baseline with pictures of rare classes repeated.

    python benchmarks/detection.py --only _repeat_factor_

Score: in ../detection.md.
"""

_base_ = ['../../configs/demo/cascade_mask_rcnn_swin.py', '../../configs/_base_/sampling.py']

# No class of the drawn pictures is as rare as in photographs: what is on fewer than three in ten is repeated.
train_dataloader = dict(sampler=dict(_base_.repeat_factor, threshold=0.3))
