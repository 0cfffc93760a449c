"""Measure what test-time augmentation and fusing bring, on detectors of different families.

    python benchmarks/ensemble.py --list
    python benchmarks/ensemble.py --amp --minutes 55

Five demo-size detectors are trained on synthetic pictures, and from there on photographs.  Each predicts the pictures
to search on and those to score on, with and without TTA; the predictions are fused with equal weights, and with what
a search finds on the first.  Runs the cells that are still empty and writes benchmarks/ensemble.json and the table
benchmarks/ensemble.md after each; a cell that is cut off goes on with the next call.  Two calls with different --only
(detectors, for example) may work side by side, with OMP_NUM_THREADS=1 each.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.ensemble_cells import (
    MEMBERS,
    PHOTOGRAPHS,
    PREDICT,
    SCORED_ON,
    SEARCH,
    SEARCHED_ON,
    SYNTHETIC,
    TRAIN,
    Step,
    all_steps,
)
from benchmarks.grid import Grid, grid_parser
from benchmarks.trainings import drawing_command, last_scores, training_command
from tools._launch import ROOT, run

DRAWN = '--train 1000 --val 200 --test 200 --size 192 --frequencies sqrt'
BUDGET, SEED = 300, 0
NUM_RESAMPLES = 1000


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = grid_parser(__doc__, name='ensemble')
    parser.set_defaults(synthetic=ROOT / 'data' / 'synthetic_ensemble')
    parser.add_argument('--shorter', type=int, default=1, metavar='N', help='an Nth of the steps, to try it out')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run what is still empty; return the exit code."""
    return EnsembleGrid(parse_args(argv)).main()


class EnsembleGrid(Grid):
    """The cells of the comparison of fusions."""

    def all_cells(self) -> list[Step]:
        """List all cells in order."""
        return all_steps()

    def what_it_waits_for(self, cell: Step) -> str | None:
        """Say what must be there before a cell can be made."""
        if cell.data == PHOTOGRAPHS and not (self.args.photographs / 'train.json').is_file():
            return 'needs --photographs'
        missing = next((step for step in cell.needs() if not self._is_made(step)), None)
        return f'waits for {missing.key}' if missing else None

    def _is_made(self, step: Step) -> bool:
        made = self._weights(step) if step.kind == TRAIN else self._predictions(step, SCORED_ON)
        return self.has(step) and made.is_file()

    def preparations(self, cell: Step) -> Iterator[list[str]]:
        """Give the command that draws the synthetic pictures where they are missing."""
        if cell.data == SYNTHETIC and not (self.args.synthetic / SCORED_ON).is_file():
            yield drawing_command(self.args.synthetic, DRAWN)

    def commands(self, cell: Step) -> Iterator[list[str]]:
        """Give the commands that train or predict; a fusion needs none."""
        if cell.kind == TRAIN:
            yield self._training(cell)
        if cell.kind == PREDICT:
            yield from (self._prediction(cell, ann) for ann in (SEARCHED_ON, SCORED_ON))

    def _training(self, cell: Step) -> list[str]:
        member, start = MEMBERS[cell.member], next(cell.needs(), None)
        steps = member.synthetic_steps if start is None else member.steps
        return training_command(
            cell.config,
            data_root=self._root(cell),
            folder=self.folder(cell),
            seed=cell.seed,
            start=self._weights(start) if start else 'none',
            amp=self.args.amp,
            steps=max(steps // self.args.shorter, 1),
        )

    def _prediction(self, cell: Step, ann: str) -> list[str]:
        weights = self._weights(next(cell.needs()))
        return [
            *(sys.executable, str(ROOT / 'tools' / 'test.py'), str(ROOT / cell.config), str(weights)),
            *('--data-root', str(self._root(cell)), '--ann', ann, '--out', str(self._predictions(cell, ann))),
            *(['--amp'] if self.args.amp else []),
            *(['--tta'] if cell.tta else []),
        ]

    def figures(self, cell: Step, log: Path) -> dict:
        """Score a training on the pictures to search on, all else on both."""
        if cell.kind == TRAIN:
            return last_scores(self.folder(cell))
        if cell.kind == PREDICT:
            on = {ann: self._score(cell, ann, self._read(cell, ann)) for ann in (SEARCHED_ON, SCORED_ON)}
            return {**on[SCORED_ON], 'search': on[SEARCHED_ON]}
        return self._fuse(cell)

    def _fuse(self, cell: Step) -> dict:
        """Fuse all members, with what suits them on the pictures to search on; score the others once."""
        from custom_modules.ensemble import search_fusion
        from custom_modules.ensemble.search.moves import equal_weights

        steps = {step.member: step for step in cell.needs()}
        members = {
            ann: {name: self._read(step, ann) for name, step in steps.items()} for ann in (SEARCHED_ON, SCORED_ON)
        }
        coco, found = self._coco(cell, SEARCHED_ON), {}
        if cell.kind == SEARCH:
            result = search_fusion(coco, members[SEARCHED_ON], budget=BUDGET, seed=SEED)
            params, held_out = result.params, result.held_out[result.choice]
            gain = held_out.gain
            found = {'choice': result.choice, 'held_out_gain': [gain.value, gain.low, gain.high]}
        else:
            params = equal_weights(list(steps), sorted(category['id'] for category in coco.categories))
        fused = {ann: params.fuse(members[ann], _sizes(self._coco(cell, ann))) for ann in members}
        on = {ann: self._score(cell, ann, fused[ann]) for ann in fused}
        gain = self._gain(cell, members[SCORED_ON], fused[SCORED_ON])
        return {**on[SCORED_ON], 'search': on[SEARCHED_ON], **gain, **found, 'params': _described(params)}

    def _score(self, cell: Step, ann: str, predictions) -> dict:
        """Give mAP50 with the interval in which 90 % of resamples lie."""
        from custom_modules.evaluation import FastMap50, bootstrap_weights, interval

        score = FastMap50(self._coco(cell, ann))
        matched = score(predictions)
        resampled = matched.map50(bootstrap_weights(len(score.image_ids), NUM_RESAMPLES, SEED))
        return {'mAP50': matched.map50(), 'interval': interval(resampled)}

    def _gain(self, cell: Step, members: dict, fused) -> dict:
        """Compare with the member that is best on these very pictures, which nobody can know beforehand."""
        from custom_modules.evaluation import FastMap50, bootstrap_weights, interval

        score = FastMap50(self._coco(cell, SCORED_ON))
        matched = {name: score(predictions) for name, predictions in members.items()}
        best = max(matched, key=lambda name: matched[name].map50())
        weights, of_fusion = bootstrap_weights(len(score.image_ids), NUM_RESAMPLES, SEED), score(fused)
        return {
            'best_single': best,
            'gain': of_fusion.map50() - matched[best].map50(),
            'gain_interval': interval(of_fusion.map50(weights) - matched[best].map50(weights)),
        }

    def table(self) -> str:
        """Return the text of the table."""
        from benchmarks.ensemble_table import write_table

        return write_table(self.results)

    def _root(self, cell: Step) -> Path:
        return self.args.synthetic if cell.data == SYNTHETIC else self.args.photographs

    def _weights(self, training: Step) -> Path:
        return self.folder(training) / 'best.pth'

    def _predictions(self, cell: Step, ann: str) -> Path:
        return self.folder(replace(cell, kind=PREDICT)) / 'predictions' / ann

    def _coco(self, cell: Step, ann: str):
        from custom_modules.datasets import load_coco

        return load_coco(self._root(cell) / ann, self._root(cell), check_images=False)

    def _read(self, cell: Step, ann: str):
        """Read boxes; masks have no part in this."""
        from custom_modules.evaluation import read_predictions

        return replace(read_predictions(self._predictions(cell, ann), self._coco(cell, ann)), segmentations=None)


def _sizes(coco) -> dict[int, tuple[int, int]]:
    return {image['id']: (image['height'], image['width']) for image in coco.images}


def _described(params) -> dict:
    """Return the settings of a fusion by name."""
    scaled = params.score_scale is not None
    return {
        'weights': dict(zip(params.members, params.weights, strict=True)),
        **{name: getattr(params, name) for name in ('method', 'iou_thr', 'skip_box_thr', 'conf_type')},
        'scales_by_class': scaled,
    }


if __name__ == '__main__':
    run(main)
