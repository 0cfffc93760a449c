"""The Mask2Former family: a leaf picks its Swin, ``model = dict(backbone=_base_.swin_l.backbone)``."""

_base_ = [
    './models/mask2former.py',
    './models/swin.py',
    './datasets/segmentation.py',
    './schedules/poly_steps_60e.py',
    './runtime_segmentation.py',
]

model = dict(data_preprocessor=_base_.preprocess)
# As its authors train it, for a batch of 16: a slow encoder, no decay of what queries and levels are told apart by,
# and strong clipping.
optim_wrapper = dict(
    constructor='EncoderRateConstructor',
    paramwise_cfg=dict(
        encoder_lr_mult=0.1,
        custom_keys=dict(
            query_embed=dict(decay_mult=0.0),
            query_feat=dict(decay_mult=0.0),
            level_embed=dict(decay_mult=0.0),
        ),
    ),
    clip_grad=dict(max_norm=0.01),
)
