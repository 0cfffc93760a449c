"""Writes benchmarks/detection.md from the records of benchmarks/detection.py."""

from __future__ import annotations

from benchmarks.comparison_table import demo_table, full_size_table, speed_table
from benchmarks.detection_grid import DETECTION
from benchmarks.grid import failures, machines

HEAD = """# Detectors, one choice at a time

Written by `python benchmarks/detection.py` from [detection.json](detection.json); cells without a run are empty.
Every row is the demo's Cascade Mask R-CNN (a Swin of 32 channels, 192 px, batch 8) with one thing changed, or another
demo detector, trained for the same number of steps. `difference` is the mAP50 less the baseline's. Several seeds are a
mean with the largest distance from it; a difference below the baseline's own spread says nothing. Seconds include
what other work on the machine cost.

- synthetic: 1,000 training and 80 validation pictures of `make demo`; no start weights.
- photographs: TACO at 416 px in the ten trash classes; every run but one starts from the same detector, trained for
  twice the steps on the synthetic pictures.
"""
SPEED_COLUMNS = {'images per second': 'images_per_second', 'GiB': 'memory_gib'}


def write_table(results: dict[str, dict]) -> str:
    """Make the text of the file.

    Args:
        results: Records by key.

    Returns:
        Markdown.
    """
    parts = [
        HEAD,
        *demo_table(DETECTION, results),
        *full_size_table(DETECTION, results),
        *speed_table(DETECTION, results, title='HTC Swin-L', size=1024, columns=SPEED_COLUMNS),
    ]
    return '\n'.join([*parts, *failures(results), *machines(results)]).rstrip() + '\n'
