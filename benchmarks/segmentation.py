"""Compare losses, norms, augmentation, TTA, sampling and families of segmenters, one choice at a time.

    python benchmarks/segmentation.py --list
    python benchmarks/segmentation.py --amp --minutes 55

Runs the cells that are still empty, the most informative first, and writes benchmarks/segmentation.json and the table
benchmarks/segmentation.md after each.  A run that is cut off by --minutes, ctrl-C or SIGTERM goes on with the next
call; one that fails is recorded and the next begins.  What needs a GPU is run only where there is one.  Two calls with
different --only may work side by side, with OMP_NUM_THREADS=1 each.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.comparison import Run
from benchmarks.comparison_grid import ComparisonGrid, comparison_parser
from benchmarks.segmentation_configs import leaf_text
from benchmarks.segmentation_grid import SEGMENTATION
from benchmarks.segmentation_table import SIZE, write_table
from tools._launch import run

STEPS = 500


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    return comparison_parser(__doc__, name='segmentation', steps=STEPS).parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run what is still empty; return the exit code."""
    return SegmentationGrid(parse_args(argv)).main()


class SegmentationGrid(ComparisonGrid):
    """The runs of the comparison of segmenters."""

    comparison = SEGMENTATION
    speed_size = SIZE

    def config_of(self, cell: Run) -> Path:
        """Return the config file of a run, written beside its folder where it is none of the repository's."""
        if cell.config:
            return super().config_of(cell)
        from custom_modules.utils import atomic_write

        path = self.folder(cell).with_suffix('.py')
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as file:
            file.write(leaf_text(cell.cell, cell.group, cell.data))
        return path

    def table(self) -> str:
        """Return the text of the table."""
        return write_table(self.results)


if __name__ == '__main__':
    run(main)
