"""Measure what pseudo labels bring, and how their thresholds should be found.

    python benchmarks/pseudo_labels.py --list
    python benchmarks/pseudo_labels.py --amp --minutes 55

A quarter of the training pictures keeps its labels.  A teacher learns from them; students go on from the teacher, all
for the same number of steps: on the same labels, or on these and what tools/pseudo_label.py makes of the other
pictures.  Everything is scored once, on test_answers.json.  Runs the cells that are still empty, the most informative
first, and writes benchmarks/pseudo_labels.json and the table benchmarks/pseudo_labels.md after each; a cell that is
cut off goes on with the next call.  Trainings on photographs start from the synthetic checkpoints of
benchmarks/ensemble.py.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.grid import Grid, grid_parser
from benchmarks.pseudo_labels_cells import (
    AGREEMENT,
    ALL_LABELS,
    BAND,
    HALF,
    HALF_LONG,
    LONG,
    NONE,
    NONE_LONG,
    OPTIONS,
    PHOTOGRAPHS,
    SYNTHETIC,
    TEACHER,
    Cell,
    all_cells,
)
from benchmarks.trainings import drawing_command, last_scores, training_command
from tools._launch import ROOT, run

# Pictures of its own; eight a step: the teacher sees each of its 250 sixteen times.
DRAWN = '--train 1000 --val 150 --test 200 --size 192 --frequencies sqrt --seed 6'
TEACHER_STEPS, STUDENT_STEPS, LONGER = 500, 250, 4
CALIBRATED_ON, SCORED_ON = 'val.json', 'test_answers.json'


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = grid_parser(__doc__, name='pseudo_labels')
    parser.set_defaults(synthetic=ROOT / 'data' / 'synthetic_pseudo')
    starts = ROOT / 'work_dirs' / 'benchmarks' / 'ensemble'
    parser.add_argument('--starts', type=Path, default=starts, help='folder of the runs of benchmarks/ensemble.py')
    parser.add_argument('--shorter', type=int, default=1, metavar='N', help='an Nth of the steps, to try it out')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run what is still empty; return the exit code."""
    return PseudoLabelGrid(parse_args(argv)).main()


class PseudoLabelGrid(Grid):
    """The cells of the comparison of labels."""

    def all_cells(self) -> list[Cell]:
        """List all cells in order."""
        return all_cells()

    def what_it_waits_for(self, cell: Cell) -> str | None:
        """Say what must be there before a cell can be made."""
        if cell.data == PHOTOGRAPHS and not (self.args.photographs / 'train.json').is_file():
            return 'needs --photographs'
        if cell.data == PHOTOGRAPHS and cell.is_teacher and not self._start(cell).is_file():
            return f'waits for python benchmarks/ensemble.py --only synthetic_train_{cell.member}'
        missing = next((one for one in cell.needs() if not (self.has(one) and self._weights(one).is_file())), None)
        return f'waits for {missing.key}' if missing else None

    def preparations(self, cell: Cell) -> Iterator[list[str]]:
        """Give the commands that draw synthetic pictures and take labels away, where that is still to be done."""
        source = self._source(cell)
        if cell.data == SYNTHETIC and not (source / SCORED_ON).is_file():
            yield drawing_command(source, DRAWN)
        if not (self._root(cell) / SCORED_ON).is_file() or not self._ann(cell, 'labelled').is_file():
            quarter = [sys.executable, str(ROOT / 'benchmarks' / 'quarter.py'), str(source)]
            yield [*quarter, '--out', str(self._root(cell)), '--seed', str(cell.seed)]

    def commands(self, cell: Cell) -> Iterator[list[str]]:
        """Give the commands: labels, training, and predictions on what is scored and, by a teacher, to be labelled."""
        if cell.name in OPTIONS and not self._training_ann(cell).is_file():
            yield self._labelling(cell)
        steps = TEACHER_STEPS if cell.is_teacher else STUDENT_STEPS * (LONGER if cell.name in LONG else 1)
        yield training_command(
            cell.config,
            data_root=self._root(cell),
            folder=self.folder(cell),
            seed=cell.seed,
            start=self._start(cell),
            amp=self.args.amp,
            steps=max(steps // self.args.shorter, 1),
            train_ann=self._training_ann(cell).name,
        )
        unlabelled = self._ann(cell, 'unlabelled').name
        for ann in (SCORED_ON, CALIBRATED_ON, unlabelled) if cell.is_teacher else (SCORED_ON,):
            yield [*self._tool('test.py', cell.config, self._weights(cell), cell), '--ann', ann]

    def _labelling(self, cell: Cell) -> list[str]:
        """Give the command that labels the other pictures, as a user would."""
        teachers = list(cell.needs())
        unlabelled, answers = (self._ann(cell, name).name for name in ('unlabelled', 'unlabelled_answers'))
        if cell.name == AGREEMENT:
            found = [[str(self._predictions(one, ann)) for one in teachers] for ann in (unlabelled, CALIBRATED_ON)]
            command = [sys.executable, str(ROOT / 'tools' / 'pseudo_label.py'), '--data-root', str(self._root(cell))]
            command += ['--predictions', *found[0], '--calibrate', *found[1]]
        else:
            (teacher,) = teachers
            command = self._tool('pseudo_label.py', teacher.config, self._weights(teacher), cell)
        return [
            *command,
            *('--unlabelled', unlabelled, '--calibrate-ann', CALIBRATED_ON, '--answers', answers),
            *('--train-ann', self._ann(cell, 'labelled').name, '--out', str(self._training_ann(cell))),
            *OPTIONS[cell.name],
        ]

    def _tool(self, name: str, config: str, weights: Path, cell: Cell) -> list[str]:
        command = [sys.executable, str(ROOT / 'tools' / name), str(ROOT / config), str(weights)]
        return [*command, '--data-root', str(self._root(cell)), *(['--amp'] if self.args.amp else [])]

    def figures(self, cell: Cell, log: Path) -> dict:
        """Collect the score on what nothing was chosen by, and how right and how many the labels were."""
        metrics = self._predictions(cell, SCORED_ON).with_suffix('.metrics.json')
        scores = json.loads(metrics.read_text(encoding='utf-8'))['scores']
        found = {**{name: scores[name] for name in ('mAP50', 'mAP')}, 'steps': last_scores(self.folder(cell))['steps']}
        if cell.name not in OPTIONS:
            return found
        path = self._training_ann(cell).with_suffix('') / 'report.json'
        report = json.loads(path.read_text(encoding='utf-8'))
        names = ('labels', 'ignore_regions', 'expected_precision', 'real_precision', 'real_recall')
        return {**found, **{name: report[name] for name in names}}

    def table(self) -> str:
        """Return the text of the table."""
        from benchmarks.pseudo_labels_table import write_table

        return write_table(self.results)

    def _source(self, cell: Cell) -> Path:
        return self.args.synthetic if cell.data == SYNTHETIC else self.args.photographs

    def _root(self, cell: Cell) -> Path:
        return self.args.work_dir / 'data' / cell.data

    def _ann(self, cell: Cell, name: str) -> Path:
        return self._root(cell) / f'{name}_s{cell.seed}.json'

    def _training_ann(self, cell: Cell) -> Path:
        """Return what a cell is trained on."""
        if cell.name == ALL_LABELS:
            return self._ann(cell, 'all')
        if cell.is_teacher or cell.name in (NONE, NONE_LONG):
            return self._ann(cell, 'labelled')
        return self._ann(cell, f'train_{BAND if cell.name in (HALF, HALF_LONG) else cell.name}')

    def _start(self, cell: Cell) -> str | Path:
        """Return the weights a training starts from, the same for all students of a seed."""
        if not cell.is_teacher:
            return self._weights(replace(cell, name=TEACHER))
        if cell.data == SYNTHETIC:
            return 'none'
        return self.args.starts / f'{SYNTHETIC}_train_{cell.member}_s0' / 'best.pth'

    def _weights(self, cell: Cell) -> Path:
        return self.folder(cell) / 'best.pth'

    def _predictions(self, cell: Cell, ann: str) -> Path:
        return self.folder(cell) / 'predictions' / ann


if __name__ == '__main__':
    run(main)
