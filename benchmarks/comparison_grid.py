"""Runs the cells of a comparison: trainings of equal length, predictions, speed."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.comparison import PHOTOGRAPHS, SYNTHETIC, UNTRAINED, Comparison, Run
from benchmarks.grid import Grid, grid_parser, has_gpu
from benchmarks.trainings import drawing_command, last_scores, training_command
from tools._launch import ROOT


def comparison_parser(description: str, *, name: str, steps: int) -> argparse.ArgumentParser:
    """Make the command line of a comparison.

    Args:
        description: What stands above the options.
        name: Of the benchmark.
        steps: Default of ``--steps``.
    """
    parser = grid_parser(description, name=name)
    parser.add_argument('--steps', type=int, default=steps, help=f'steps of each training (default {steps})')
    return parser


class ComparisonGrid(Grid):
    """The runs of a comparison.

    Args:
        args: A command line of :func:`comparison_parser`.

    Attributes:
        comparison: What is compared.
        speed_size: Side of the pictures on which speed is measured, px.
    """

    comparison: Comparison
    speed_size = 1024

    def __init__(self, args: argparse.Namespace) -> None:
        super().__init__(args)
        self.has_gpu = has_gpu()

    def all_cells(self) -> list[Run]:
        """List all runs in order."""
        return self.comparison.all_runs(self.results)

    def what_it_waits_for(self, cell: Run) -> str | None:
        """Say what must be there before a run can be made."""
        if cell.gpu and not self.has_gpu:
            return 'needs a GPU'
        if cell.data == PHOTOGRAPHS and not (self.args.photographs / 'train.json').is_file():
            return 'needs --photographs'
        if cell.source and not self._weights(cell.source).is_file():
            return f'waits for the {cell.start}'
        return None

    def preparations(self, cell: Run) -> Iterator[list[str]]:
        """Give the command that draws the synthetic pictures where they are missing."""
        if cell.data == SYNTHETIC and not (self.args.synthetic / 'train.json').is_file():
            yield drawing_command(self.args.synthetic)

    def commands(self, cell: Run) -> Iterator[list[str]]:
        """Give the command that trains, predicts or measures the speed."""
        if cell.speed:
            yield self._speed_command(cell)
        elif cell.tta is not None:
            yield self._prediction(cell)
        else:
            yield self._training(cell)

    def _training(self, cell: Run) -> list[str]:
        start = self._weights(cell.source) if cell.source else UNTRAINED if cell.start == UNTRAINED else None
        return training_command(
            self.config_of(cell),
            data_root=self.data_root(cell),
            folder=self.folder(cell),
            seed=cell.seed,
            start=start,
            amp=self.args.amp,
            steps=self.args.steps * cell.length,
            validates=cell.validates,
        )

    def _prediction(self, cell: Run) -> list[str]:
        return [
            *(sys.executable, str(ROOT / 'tools' / 'test.py'), str(self.config_of(cell))),
            *(str(self._weights(cell.source)), '--data-root', str(self.data_root(cell))),
            *('--out', str(self._predictions(cell))),
            *(['--amp'] if self.args.amp else []),
            *(['--tta'] if cell.tta else []),
        ]

    def _speed_command(self, cell: Run) -> list[str]:
        batch, bfloat16 = cell.speed
        tool = str(ROOT / 'benchmarks' / 'training_speed.py')
        options = ['--batch', str(batch), '--size', str(self.speed_size), *(['--amp'] if bfloat16 else [])]
        return [sys.executable, tool, str(ROOT / cell.config), *options]

    def figures(self, cell: Run, log: Path) -> dict:
        """Read the scores of the last validation or the prediction, or the speed."""
        if cell.speed:
            return json.loads(log.read_text(encoding='utf-8').splitlines()[-1])
        if cell.tta is not None:
            return self._scores_of_prediction(cell)
        return last_scores(self.folder(cell), self.comparison.scores)

    def _scores_of_prediction(self, cell: Run) -> dict:
        predictions = self._predictions(cell)
        metrics = predictions.with_suffix('.metrics.json').read_text(encoding='utf-8')
        shutil.rmtree(predictions, ignore_errors=True)  # probabilities of all pictures: hundreds of MB
        return {name: json.loads(metrics)['scores'][name] for name in self.comparison.scores}

    def summary(self, record: dict) -> str:
        """Describe a record in a few words."""
        if 'images_per_second' in record:
            return f'{record["images_per_second"]:.2f} images/s'
        main = self.comparison.scores[0]
        return f'{main} {record[main]:.4f}' if record.get(main) is not None else ''

    def config_of(self, cell: Run) -> Path:
        """Return the config file of a run."""
        return ROOT / cell.config

    def data_root(self, cell: Run) -> Path:
        """Return the folder of a run's pictures."""
        return self.args.synthetic if cell.data == SYNTHETIC else self.args.photographs

    def _weights(self, training: Run) -> Path:
        return self.folder(training) / 'best.pth'

    def _predictions(self, cell: Run) -> Path:
        return self.folder(cell) / 'val.probs'
