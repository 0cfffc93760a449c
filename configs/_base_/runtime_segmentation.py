"""What every run of a segmenter shares: the detectors' runtime, best checkpoint by mIoU."""

_base_ = './runtime.py'

default_scope = 'mmseg'
default_hooks = dict(checkpoint=dict(save_best='mIoU'))
