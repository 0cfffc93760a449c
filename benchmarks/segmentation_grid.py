"""The cells of benchmarks/segmentation.py: what is compared with what, on which pictures, and in which order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from benchmarks.comparison import BASELINE, DATA, PHOTOGRAPHS, PRETRAINING, SYNTHETIC, Comparison, Run, speed_runs
from benchmarks.segmentation_configs import (
    AUGMENTATION,
    BASELINE_CONFIG,
    BLOCK_OF,
    LOSS,
    MIXING,
    NORM,
    REFRESHED,
    SAMPLING,
    choices,
    family_config,
)

FAMILY, TTA = 'family', 'TTA'
# With the weights of the baseline, whose own score is without.
PREDICTIONS = {'tta': True}
# They learn from validations: of classes that are found badly.
VALIDATING = ('cdb', REFRESHED)
# What the baseline has itself (in a process alone, a synchronised batch norm is one), what is for street scenes, what
# needs pseudo labels, and a hook.
LEFT_OUT = (
    *('weighted_ce', 'batch_norm', 'sync_batch_norm'),
    *('copy_blob_streets', 'half_real', 'refresh_copy_paste'),
)
# From the most to the least telling; what else a block offers comes after them.
ORDER = {
    AUGMENTATION: [
        *('no_flip', 'multi_scale_1024', 'single_scale', 'photometric', 'rotate', 'resized_crop', 'cutout'),
        *('colour_jitter', 'shift_scale_rotate', 'flip_horizontal', 'clahe', 'brightness_contrast'),
    ],
    LOSS: ['ce', 'dice_focal', 'lovasz', 'focal', 'dice_bce', 'ohem', 'cdb', 'class_balanced', 'soft_ce', 'tversky'],
    NORM: ['group_norm', 'evonorm_s0', 'evonorm_b0'],
    MIXING: ['cutmix', 'copy_paste', REFRESHED],
    SAMPLING: ['class_aware', 'repeat_factor'],
}


class SegmentationComparison(Comparison):
    """Choices of segmenters; all but the demo's families and TTA are DeepLabV3+ with a config written for the run."""

    scores = ('mIoU', 'mIoU_per_image', 'boundary_IoU')
    speed_configs = ('configs/trash/upernet_swin_l.py', 'configs/trash/mask2former_swin_l.py')

    def __init__(self) -> None:
        self.groups = {
            TTA: list(PREDICTIONS),
            **{group: _ordered(ORDER[group], choices(group)) for group in ORDER},
            FAMILY: ['upernet_swin', 'mask2former_swin'],
        }

    def config(self, cell: str, group: str, data: str) -> str:
        """Return the config of a cell; empty where one is written for the run."""
        if group in BLOCK_OF:
            return ''
        return family_config(cell if group == FAMILY else BASELINE_CONFIG, data)

    def runs_of(self, cell: str, group: str) -> Iterator[Run]:
        """List the runs of a cell with its first seed; other families have pretrainings of their own."""
        for data in DATA:
            one = replace(self.demo_run(cell, group, data), validates=cell in VALIDATING)
            if group == TTA:
                one = replace(one, start=BASELINE, tta=PREDICTIONS[cell])
            elif group == FAMILY and data == PHOTOGRAPHS:
                own = replace(self.demo_run(cell, group, SYNTHETIC), cell=f'{PRETRAINING} of {cell}', length=2)
                yield replace(own, group=PRETRAINING)
                one = replace(one, start=own.cell)
            yield one

    def gpu_runs(self) -> Iterator[Run]:
        """List the speed of the largest models."""
        for config in self.speed_configs:
            yield from speed_runs(config, batches=(4, 16), name=config.split('/')[-1].removesuffix('.py'))


def _ordered(first: Sequence[str], offered: Sequence[str]) -> list[str]:
    return [name for name in dict.fromkeys((*first, *offered)) if name not in LEFT_OUT]


SEGMENTATION = SegmentationComparison()
