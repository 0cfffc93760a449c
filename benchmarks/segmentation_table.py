"""Writes benchmarks/segmentation.md from the records of benchmarks/segmentation.py."""

from __future__ import annotations

from benchmarks.comparison_table import demo_table, speed_table
from benchmarks.grid import failures, machines
from benchmarks.segmentation_grid import SEGMENTATION

HEAD = """# Segmenters, one choice at a time

Written by `python benchmarks/segmentation.py` from [segmentation.json](segmentation.json); cells without a run are
empty. Every row is the demo's DeepLabV3+ (a ResNet-18 of half the width, 192 px, batch 8) with one thing changed, or
another demo segmenter, trained for the same number of steps. `difference` is the mIoU less the baseline's. Several
seeds are a mean with the largest distance from it; a difference below the baseline's own spread says nothing. Seconds
include what other work on the machine cost.

- The baseline has a cross entropy in which Background counts 0.3 (`weighted_ce`), which the losses replace; batch norms
  (`batch_norm`, and in one process `sync_batch_norm`, too); flips in both directions, which `no_flip` leaves out and
  the other two flips replace; and two sizes, of which `single_scale` is one. All other augmentations are added to
  these, or take the place of the sizes. `tta` predicts with the baseline's weights.
- `cdb` and `copy_paste_refreshed` learn from a validation after each epoch, of which their seconds are a part.
- synthetic: 1,000 training and 80 validation pictures of `make demo`; no start weights.
- photographs: TACO at 416 px in the ten trash classes, trained on crops of 256 px, scored on val. Every run but one
  starts from the same segmenter, trained for twice the steps on the synthetic pictures; other norms take from it what
  fits, and the other families start from pretrainings of their own.
"""
SIZE = 512
SPEED_COLUMNS = {
    'iterations per second': 'iterations_per_second',
    'images per second': 'images_per_second',
    'GiB': 'memory_gib',
}


def write_table(results: dict[str, dict]) -> str:
    """Make the text of the file.

    Args:
        results: Records by key.

    Returns:
        Markdown.
    """
    title = 'UPerNet Swin-L and Mask2Former Swin-L'
    parts = [
        HEAD,
        *demo_table(SEGMENTATION, results),
        *speed_table(SEGMENTATION, results, title=title, size=SIZE, columns=SPEED_COLUMNS),
    ]
    return '\n'.join([*parts, *failures(results), *machines(results)]).rstrip() + '\n'
