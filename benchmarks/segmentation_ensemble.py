"""Measure what voting, a CRF, the rescue of small objects and pseudo labels bring segmenters of different families.

    python benchmarks/segmentation_ensemble.py --list
    python benchmarks/segmentation_ensemble.py --amp --minutes 55

Four demo-size segmenters are trained on synthetic pictures, and from there on photographs.  Each predicts the pictures
to search on and those to score on, with and without TTA.  They vote with equal weights and with what a search finds on
the first, alone, with the usual CRF, with the rescue of small objects, and with what a search finds for all three.  Two
students go on from the first of them, on the same labels or on these and what all four say of the pictures to score on.
Runs the cells that are still empty and writes benchmarks/segmentation_ensemble.json and the table
benchmarks/segmentation_ensemble.md after each; a cell that is cut off goes on with the next call.  Two calls with
different --only (members, for example) may work side by side, with OMP_NUM_THREADS=1 each.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.fusion_grid import FusionGrid, fusion_parser
from benchmarks.fusion_plan import EQUAL, SCORED_ON, SEARCH, SEARCHED_ON, Step
from benchmarks.segmentation_ensemble_plan import CRF, PLAN, PSEUDO, REFINED, RESCUE, STUDENT, STUDENT_STEPS
from benchmarks.trainings import training_command
from tools._launch import ROOT, run

BUDGET, SEED = 400, 0
NUM_RESAMPLES = 1000
UNLABELLED = 'test.json'  # the pictures of SCORED_ON, without answers
OPTIONS = {EQUAL: [], SEARCH: [], CRF: ['--crf'], RESCUE: ['--crf', '--rescue'], REFINED: ['--crf', '--rescue']}
SEARCHED = (SEARCH, REFINED)


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    return fusion_parser(__doc__, name='segmentation_ensemble').parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run what is still empty; return the exit code."""
    return VoteGrid(parse_args(argv)).main()


class VoteGrid(FusionGrid):
    """The cells of the comparison of votes."""

    plan, training_scores, suffix = PLAN, ('mIoU', 'mIoU_per_image'), '.probs'

    def preparations(self, cell: Step) -> Iterator[list[str]]:
        """Give the commands that make a cell's pictures where they are missing; a student has a folder of its own."""
        yield from super().preparations(cell)
        if cell.kind == STUDENT and not self._own_root(cell).is_dir():
            self._own_root(cell).parent.mkdir(parents=True, exist_ok=True)
            yield ['cp', '-r', str(self.data_root(cell)), str(self._own_root(cell))]

    def commands(self, cell: Step) -> Iterator[list[str]]:
        """Give the commands that train, predict, vote or label."""
        if cell.kind in OPTIONS:
            yield from (self._vote(cell, ann) for ann in (SEARCHED_ON, SCORED_ON))
        elif cell.kind == STUDENT:
            yield from self._student(cell)
        else:
            yield from super().commands(cell)

    def _vote(self, cell: Step, ann: str) -> list[str]:
        members = [str(self.predictions(member, ann)) for member in self.plan.needs(cell)]
        options = OPTIONS[cell.kind]
        if cell.kind in SEARCHED:
            searched = [*options, '--search', '--budget', str(BUDGET), '--seed', str(SEED)]
            found = self.predictions(cell, SEARCHED_ON).with_suffix('.params.json')
            options = searched if ann == SEARCHED_ON else ['--params', str(found)]
        about = ['--ann', str(self.data_root(cell) / ann), '--out', str(self.predictions(cell, ann))]
        return [sys.executable, str(ROOT / 'tools' / 'seg_ensemble.py'), *members, *about, *options]

    def _student(self, cell: Step) -> Iterator[list[str]]:
        """Give the commands of a student: labels, training, and predictions on both files."""
        teacher, *members = self.plan.needs(cell)
        root = self._own_root(cell)
        if cell.member == PSEUDO and not (root / 'train_pseudo.json').is_file():
            found = [[str(self.predictions(member, ann)) for member in members] for ann in (SCORED_ON, SEARCHED_ON)]
            command = [sys.executable, str(ROOT / 'tools' / 'pseudo_label.py'), '--data-root', str(root)]
            command += ['--predictions', *found[0], '--calibrate', *found[1], '--calibrate-ann', SEARCHED_ON]
            yield [*command, '--unlabelled', UNLABELLED, '--answers', SCORED_ON]
        yield training_command(
            self.plan.config(cell),
            data_root=root,
            folder=self.folder(cell),
            seed=cell.seed,
            start=self.weights(teacher),
            amp=self.args.amp,
            steps=max(STUDENT_STEPS // self.args.shorter, 1),
            train_ann='train_pseudo.json' if cell.member == PSEUDO else None,
        )
        yield from (self.prediction_command(cell, ann, self.weights(cell)) for ann in (SEARCHED_ON, SCORED_ON))

    def figures(self, cell: Step, log: Path) -> dict:
        """Score a training on the pictures to search on, all else on both."""
        if cell.kind != STUDENT:
            return super().figures(cell, log)
        found = self.on_both(cell)
        if cell.member == PSEUDO:
            report = self._own_root(cell) / 'train_pseudo' / 'report.json'
            found['labels'] = json.loads(report.read_text(encoding='utf-8'))['pictures']
        return found

    def score(self, cell: Step, ann: str) -> dict:
        """Score probabilities, with the interval in which 90 % of resamples lie."""
        import numpy as np

        from custom_modules.evaluation import bootstrap_weights, interval

        areas = self._areas(cell, ann)
        resampled = areas.miou(bootstrap_weights(len(areas.both), NUM_RESAMPLES, SEED))
        return {'mIoU': float(areas.miou(np.ones((1, len(areas.both))))[0]), 'interval': interval(resampled)}

    def fuse(self, cell: Step) -> dict:
        """Score a vote, and read its gain over the member that is best on the very pictures scored on."""
        found = self.on_both(cell)
        outputs = {ann: self.predictions(cell, ann) for ann in (SEARCHED_ON, SCORED_ON)}
        text = outputs[SCORED_ON].with_suffix('.metrics.json').read_text(encoding='utf-8')
        comparison = json.loads(text)['comparison']
        members = {_member(name): score for name, score in comparison['members'].items()}
        best = max(members, key=members.get)
        found |= {
            'best_single': best,
            'gain': comparison['gain'],
            'gain_interval': comparison['interval'],
            'steps': comparison['steps'],
        }
        if cell.kind in SEARCHED:
            found |= _found(outputs[SEARCHED_ON].with_suffix('.params.json'))
        for output in outputs.values():
            shutil.rmtree(output)  # probabilities of all pictures: hundreds of MB
        return found

    def _areas(self, cell: Step, ann: str):
        from custom_modules.datasets.label_maps import LabelMaps
        from custom_modules.ensemble import open_probs
        from custom_modules.evaluation import count_confusion
        from custom_modules.evaluation.class_areas import ClassAreas

        truth, found = LabelMaps(self.coco(cell, ann)), open_probs(self.predictions(cell, ann))
        confusions = [count_confusion(found.labels(one), truth[one], len(truth.classes)) for one in sorted(found)]
        return ClassAreas.of_confusions(confusions)

    def table(self) -> str:
        """Return the text of the table."""
        from benchmarks.segmentation_ensemble_table import write_table

        return write_table(self.results)

    def summary(self, record: dict) -> str:
        """Describe a record in a few words."""
        return f'mIoU {record["mIoU"]:.4f}' if record.get('mIoU') is not None else ''

    def _own_root(self, cell: Step) -> Path:
        return self.args.work_dir / 'data' / f'{cell.data}_{cell.member}'


def _member(file: str) -> str:
    """Name the member that a file of predictions is of."""
    cell = Path(file).parent.parent.name
    return next(name for name in PLAN.members if f'_{name}_' in cell)


def _found(path: Path) -> dict:
    """Read what a search found, and the gain it expects."""
    params = json.loads(path.read_text(encoding='utf-8'))
    search = params['search']
    gain = search['held_out'][search['choice']]['gain']
    found = {'choice': search['choice'], 'held_out_gain': [gain['value'], gain['low'], gain['high']]}
    found['params'] = {
        'weights': {_member(one['file']): one['weight'] for one in params['members']},
        'method': params['method'],
        'by_class': any(one.get('class_weights') for one in params['members']),
        **{name: params.get(name) for name in ('crf', 'rescue')},
    }
    if 'refinement' in params:
        refined = params['refinement']['held_out']['refined']['gain']
        found['held_out_gain_of_steps'] = [refined['value'], refined['low'], refined['high']]
    return found


if __name__ == '__main__':
    run(main)
