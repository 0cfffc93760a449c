"""The detection set for detectors that learn from boxes alone: masks are not loaded."""

_base_ = './detection.py'

load = [dict(type='LoadImageFromFile'), dict(type='LoadTrashAnnotations', with_mask=False)]
train_pipeline = [*load, *_base_.augment, _base_.pack]
mixed = dict(_base_.mixed, dataset=dict(_base_.dataset, pipeline=load))
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
