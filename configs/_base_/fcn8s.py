"""The FCN-8s family."""

_base_ = [
    './models/fcn8s.py',
    './datasets/segmentation.py',
    './schedules/poly_40e.py',
    './runtime_segmentation.py',
]

model = dict(data_preprocessor=_base_.preprocess)
# A plain VGG has no norms to forgive a large rate.
optim_wrapper = dict(
    optimizer=dict(lr=1e-4, weight_decay=5e-4),
    constructor='EncoderRateConstructor',
    paramwise_cfg=dict(encoder_lr_mult=0.1),
)
