"""The baseline with all classes equally often.

    python benchmarks/detection.py --only _class_aware_

Score: in ../detection.md.
"""

_base_ = ['../../configs/demo/cascade_mask_rcnn_swin.py', '../../configs/_base_/sampling.py']

train_dataloader = dict(sampler=_base_.class_aware)
