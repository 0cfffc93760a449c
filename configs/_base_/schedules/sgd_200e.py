"""200 epochs of SGD, the rate falling along a half cosine to nothing: for training from scratch on few pictures."""

optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=1e-4))
train_cfg = dict(type='ResumableEpochLoop', max_epochs=200, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
param_scheduler = [
    dict(type='CosineAnnealingLR', T_max=200, end=200, eta_min=0, by_epoch=True, convert_to_iter_based=True)
]
