"""The smallest RTMDet on photographs, from its synthetic checkpoint.

    python benchmarks/ensemble.py --only photographs_rtmdet

Score: in ../ensemble.md.
"""

_base_ = ['./rtmdet_synthetic.py', './crops.py']

train_dataloader = dict(dataset=dict(pipeline=[*_base_.load, *_base_.crop, _base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=_base_.whole))
test_dataloader = val_dataloader
