"""AdamW as the Swin detectors use it: no decay on norms and position biases."""

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-4, betas=(0.9, 0.999), weight_decay=0.05),
    paramwise_cfg=dict(
        norm_decay_mult=0.0,
        custom_keys=dict(
            absolute_pos_embed=dict(decay_mult=0.0),
            relative_position_bias_table=dict(decay_mult=0.0),
        ),
    ),
    clip_grad=dict(max_norm=35, norm_type=2),
)
train_cfg = dict(type='ResumableEpochLoop', max_epochs=12, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

# The heads start from noise: the rate climbs to its full value over the first epoch's opening.
warm_up = dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=500)
