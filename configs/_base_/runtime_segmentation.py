"""What every run of a segmenter shares: the detectors' runtime, best checkpoint by mIoU."""

_base_ = './runtime.py'

default_scope = 'mmseg'
# Batch norms take the pictures of all cards together: a card sees a few.
sync_bn = 'torch'
default_hooks = dict(checkpoint=dict(save_best='mIoU'))
