"""The UPerNet family: a leaf brings its Swin."""

_base_ = [
    './models/upernet.py',
    './models/swin.py',
    './datasets/segmentation.py',
    './schedules/linear_40e.py',
    './runtime_segmentation.py',
]

# The Swin authors' rate and decay, for a batch of 16.
model = dict(data_preprocessor=_base_.preprocess)
optim_wrapper = dict(optimizer=dict(lr=6e-5, weight_decay=0.01))
