"""Compare necks, losses, augmentation, sampling, start weights and families of detectors, one choice at a time.

    python benchmarks/detection.py --list
    python benchmarks/detection.py --amp --minutes 55

Runs the cells that are still empty, the most informative first, and writes benchmarks/detection.json and the table
benchmarks/detection.md after each.  A run that is cut off by --minutes, ctrl-C or SIGTERM goes on with the next call;
one that fails is recorded and the next begins.  What needs a GPU is run only where there is one.  Two calls with
different --only may work side by side, with OMP_NUM_THREADS=1 each.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.comparison import Run
from benchmarks.comparison_grid import ComparisonGrid, comparison_parser
from benchmarks.detection_grid import DETECTION, PASTED
from tools._launch import ROOT, run

STEPS = 250


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    return comparison_parser(__doc__, name='detection', steps=STEPS).parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run what is still empty; return the exit code."""
    return DetectionGrid(parse_args(argv)).main()


class DetectionGrid(ComparisonGrid):
    """The runs of the comparison of detectors."""

    comparison = DETECTION

    def preparations(self, cell: Run) -> Iterator[list[str]]:
        """Give the commands that make the run's pictures, where they are not there yet."""
        yield from super().preparations(cell)
        if cell.cell == PASTED and not self.data_root(cell).exists():
            tool, source = str(ROOT / 'tools' / 'copy_paste.py'), super().data_root(cell)
            yield [sys.executable, tool, '--data-root', str(source), '--out', str(self.data_root(cell))]

    def data_root(self, cell: Run) -> Path:
        """Return the folder of a run's pictures."""
        return self.args.work_dir / f'{cell.data}_pasted' if cell.cell == PASTED else super().data_root(cell)

    def table(self) -> str:
        """Return the text of the table."""
        from benchmarks.detection_table import write_table

        return write_table(self.results)


if __name__ == '__main__':
    run(main)
