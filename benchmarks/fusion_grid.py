"""Runs the cells of a plan of fusions: trainings and predictions by the tools, fusions as the task's own grid does."""

from __future__ import annotations

import argparse
import sys
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.fusion_plan import (
    PHOTOGRAPHS,
    PREDICT,
    SCORED_ON,
    SEARCHED_ON,
    SYNTHETIC,
    TRAIN,
    FusionPlan,
    Step,
)
from benchmarks.grid import Grid, grid_parser
from benchmarks.trainings import drawing_command, last_scores, training_command
from tools._launch import ROOT

DRAWN = '--train 1000 --val 200 --test 200 --size 192 --frequencies sqrt'


def fusion_parser(description: str, *, name: str) -> argparse.ArgumentParser:
    """Make the command line of a comparison of fusions.

    Args:
        description: What stands above the options.
        name: Of the benchmark.
    """
    parser = grid_parser(description, name=name)
    parser.set_defaults(synthetic=ROOT / 'data' / 'synthetic_ensemble')
    parser.add_argument('--shorter', type=int, default=1, metavar='N', help='an Nth of the steps, to try it out')
    return parser


class FusionGrid(Grid):
    """The cells of a comparison of fusions.

    Args:
        args: A command line of :func:`fusion_parser`.

    Attributes:
        plan: What there is.
        training_scores: Names of the scores that are kept of a training.
        suffix: Of files of predictions.
    """

    plan: FusionPlan
    training_scores: tuple[str, ...]
    suffix: str

    def all_cells(self) -> list[Step]:
        """List all cells in order."""
        return self.plan.all_steps()

    def what_it_waits_for(self, cell: Step) -> str | None:
        """Say what must be there before a cell can be made."""
        if cell.data == PHOTOGRAPHS and not (self.args.photographs / 'train.json').is_file():
            return 'needs --photographs'
        missing = next((step for step in self.plan.needs(cell) if not self._is_made(step)), None)
        return f'waits for {missing.key}' if missing else None

    def _is_made(self, step: Step) -> bool:
        made = self.weights(step) if step.kind == TRAIN else self.predictions(step, SCORED_ON)
        return self.has(step) and made.exists()

    def preparations(self, cell: Step) -> Iterator[list[str]]:
        """Give the command that draws the synthetic pictures where they are missing."""
        if cell.data == SYNTHETIC and not (self.args.synthetic / SCORED_ON).is_file():
            yield drawing_command(self.args.synthetic, DRAWN)

    def commands(self, cell: Step) -> Iterator[list[str]]:
        """Give the commands that train or predict."""
        if cell.kind == TRAIN:
            yield self._training(cell)
        if cell.kind == PREDICT:
            weights = self.weights(next(self.plan.needs(cell)))
            yield from (self.prediction_command(cell, ann, weights) for ann in (SEARCHED_ON, SCORED_ON))

    def _training(self, cell: Step) -> list[str]:
        member, start = self.plan.members[cell.member], next(self.plan.needs(cell), None)
        steps = member.synthetic_steps if start is None else member.steps
        return training_command(
            self.plan.config(cell),
            data_root=self.data_root(cell),
            folder=self.folder(cell),
            seed=cell.seed,
            start=self.weights(start) if start else 'none',
            amp=self.args.amp,
            steps=max(steps // self.args.shorter, 1),
        )

    def prediction_command(self, cell: Step, ann: str, weights: Path) -> list[str]:
        """Return the command that predicts on a json."""
        return [
            *(sys.executable, str(ROOT / 'tools' / 'test.py'), str(ROOT / self.plan.config(cell)), str(weights)),
            *('--data-root', str(self.data_root(cell)), '--ann', ann, '--out', str(self.predictions(cell, ann))),
            *(['--amp'] if self.args.amp else []),
            *(['--tta'] if cell.tta else []),
        ]

    def figures(self, cell: Step, log: Path) -> dict:
        """Score a training on the pictures to search on, all else on both."""
        if cell.kind == TRAIN:
            return last_scores(self.folder(cell), self.training_scores)
        return self.on_both(cell) if cell.kind == PREDICT else self.fuse(cell)

    def on_both(self, cell: Step) -> dict:
        """Score a cell's predictions on both files."""
        on = {ann: self.score(cell, ann) for ann in (SEARCHED_ON, SCORED_ON)}
        return {**on[SCORED_ON], 'search': on[SEARCHED_ON]}

    @abstractmethod
    def score(self, cell: Step, ann: str) -> dict:
        """Score a cell's predictions; the main score by its name, and its ``interval``."""

    @abstractmethod
    def fuse(self, cell: Step) -> dict:
        """Score a fusion as :meth:`figures` does a prediction, and compare it with the best member."""

    def data_root(self, cell: Step) -> Path:
        """Return the folder of a cell's pictures."""
        return self.args.synthetic if cell.data == SYNTHETIC else self.args.photographs

    def weights(self, training: Step) -> Path:
        """Return the checkpoint of a training."""
        return self.folder(training) / 'best.pth'

    def predictions(self, cell: Step, ann: str) -> Path:
        """Return what a cell predicts on a json."""
        kind = PREDICT if cell.kind == TRAIN else cell.kind
        return self.folder(replace(cell, kind=kind)) / 'predictions' / Path(ann).with_suffix(self.suffix)

    def coco(self, cell: Step, ann: str):
        """Read the json of a cell's pictures."""
        from custom_modules.datasets import load_coco

        return load_coco(self.data_root(cell) / ann, self.data_root(cell), check_images=False)
