"""The SegFormer family: a leaf picks its size, ``model = _base_.segformer_b4``."""

_base_ = [
    './models/segformer.py',
    './datasets/segmentation.py',
    './schedules/linear_40e.py',
    './runtime_segmentation.py',
]

model = dict(data_preprocessor=_base_.preprocess)
# As its authors train it: 6e-5 for the encoder, ten times that for the head, for a batch of 16.
optim_wrapper = dict(
    optimizer=dict(lr=6e-4, weight_decay=0.01),
    constructor='EncoderRateConstructor',
    paramwise_cfg=dict(encoder_lr_mult=0.1),
)
