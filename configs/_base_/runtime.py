"""What every run shares: logging, checkpoints, curves, seed."""

default_scope = 'mmdet'
randomness = dict(seed=0)

# Iterations over which losses and gradient norm are averaged, in the log, scalars.csv and every tracker alike.
log_processor = dict(type='TrashLogProcessor', window_size=10, by_epoch=True)

default_hooks = dict(
    runtime_info=dict(type='RuntimeInfoHook'),
    timer=dict(type='IterTimerHook'),
    progress=dict(type='ProgressHook'),
    param_scheduler=dict(type='ParamSchedulerHook'),
    logger=dict(type='LoggerHook', interval=log_processor['window_size'], ignore_last=False),
    curves=dict(type='CurvesHook'),
    finite=dict(type='FiniteLossHook'),
    statistics=dict(type='ShareStatisticsHook'),
    checkpoint=dict(type='SafeCheckpointHook', save_best='mAP50'),
    report=dict(type='ReportHook'),
    tracking=dict(type='TrackingHook', trackers=['tensorboard'], interval=50),
    sampler_seed=None,
)

env_cfg = dict(mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0))
log_level = 'INFO'
visualizer = dict(type='Visualizer', vis_backends=[dict(type='LocalVisBackend')], name='visualizer')
