"""What every run of a segmenter shares: the detectors' runtime, best checkpoint by mIoU."""

_base_ = './runtime.py'

default_scope = 'mmseg'
# Batch norms take the pictures of all cards together: a card sees a few.
sync_bn = 'torch'
default_hooks = dict(
    checkpoint=dict(save_best='mIoU'),
    # For losses that weigh classes, such as class_balanced and cdb of pixel_losses.py.
    class_counts=dict(type='CountClassesHook'),
    difficulty=dict(type='UpdateDifficultyHook'),
)
