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
import json
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.detection_grid import PASTED, PHOTOGRAPHS, PRETRAINING, SYNTHETIC, Run, all_runs
from benchmarks.grid import Grid, grid_parser, has_gpu
from benchmarks.trainings import drawing_command, last_scores, training_command
from tools._launch import ROOT, run

STEPS = 250


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = grid_parser(__doc__, name='detection')
    parser.add_argument('--steps', type=int, default=STEPS, help=f'steps of each training (default {STEPS})')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run what is still empty; return the exit code."""
    return DetectionGrid(parse_args(argv)).main()


class DetectionGrid(Grid):
    """The runs of the comparison of detectors.

    Args:
        args: The command line.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        super().__init__(args)
        self.has_gpu = has_gpu()

    def all_cells(self) -> list[Run]:
        """List all runs in order."""
        return all_runs(self.results)

    def what_it_waits_for(self, cell: Run) -> str | None:
        """Say what must be there before a run can be made."""
        if cell.gpu and not self.has_gpu:
            return 'needs a GPU'
        if cell.data == PHOTOGRAPHS and not (self.args.photographs / 'train.json').is_file():
            return 'needs --photographs'
        if cell.start == PRETRAINING and not self._pretrained().is_file():
            return 'waits for the pretraining'
        return None

    def preparations(self, cell: Run) -> Iterator[list[str]]:
        """Give the commands that make the run's pictures, where they are not there yet."""
        root, pasted = self._data_root(cell), self._data_root(cell, pasted=True)
        if cell.data == SYNTHETIC and not (root / 'train.json').is_file():
            yield drawing_command(root)
        if cell.cell == PASTED and not pasted.exists():
            tool = str(ROOT / 'tools' / 'copy_paste.py')
            yield [sys.executable, tool, '--data-root', str(root), '--out', str(pasted)]

    def commands(self, cell: Run) -> Iterator[list[str]]:
        """Give the command that trains, or measures the speed."""
        if cell.speed:
            yield self._speed_command(cell)
            return
        starts = {'none': 'none', PRETRAINING: self._pretrained()}
        yield training_command(
            cell.config,
            data_root=self._data_root(cell, pasted=cell.cell == PASTED),
            folder=self.folder(cell),
            seed=cell.seed,
            start=starts.get(cell.start),
            amp=self.args.amp,
            steps=self.args.steps * cell.length,
        )

    def figures(self, cell: Run, log: Path) -> dict:
        """Read the scores of the last validation, or the speed."""
        if cell.speed:
            return json.loads(log.read_text(encoding='utf-8').splitlines()[-1])
        return last_scores(self.folder(cell))

    def summary(self, record: dict) -> str:
        """Describe a record in a few words."""
        if 'images_per_second' in record:
            return f'{record["images_per_second"]:.2f} images/s'
        return super().summary(record)

    def table(self) -> str:
        """Return the text of the table."""
        from benchmarks.detection_table import write_table

        return write_table(self.results)

    def _pretrained(self) -> Path:
        return self.folder(Run(PRETRAINING, '', SYNTHETIC)) / 'best.pth'

    def _data_root(self, cell: Run, *, pasted: bool = False) -> Path:
        if pasted:
            return self.args.work_dir / f'{cell.data}_pasted'
        return self.args.synthetic if cell.data == SYNTHETIC else self.args.photographs

    def _speed_command(self, cell: Run) -> list[str]:
        batch, bfloat16 = cell.speed
        tool = str(ROOT / 'benchmarks' / 'detection_speed.py')
        precision = ['--amp'] if bfloat16 else []
        return [sys.executable, tool, str(ROOT / cell.config), '--batch', str(batch), *precision]


if __name__ == '__main__':
    run(main)
