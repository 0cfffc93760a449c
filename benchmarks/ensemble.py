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
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.ensemble_plan import PLAN
from benchmarks.fusion_grid import FusionGrid, fusion_parser
from benchmarks.fusion_plan import SCORED_ON, SEARCH, SEARCHED_ON, Step
from tools._launch import run

BUDGET, SEED = 300, 0
NUM_RESAMPLES = 1000


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    return fusion_parser(__doc__, name='ensemble').parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run what is still empty; return the exit code."""
    return EnsembleGrid(parse_args(argv)).main()


class EnsembleGrid(FusionGrid):
    """The cells of the comparison of fused detectors."""

    plan, training_scores, suffix = PLAN, ('mAP50', 'mAP'), '.json'

    def score(self, cell: Step, ann: str) -> dict:
        """Score what a detector predicted."""
        return self._score(cell, ann, self._read(cell, ann))

    def fuse(self, cell: Step) -> dict:
        """Fuse all members, with what suits them on the pictures to search on; score the others once."""
        from custom_modules.ensemble import search_fusion
        from custom_modules.ensemble.search.moves import equal_weights

        steps = {step.member: step for step in self.plan.needs(cell)}
        members = {
            ann: {name: self._read(step, ann) for name, step in steps.items()} for ann in (SEARCHED_ON, SCORED_ON)
        }
        coco, found = self.coco(cell, SEARCHED_ON), {}
        if cell.kind == SEARCH:
            result = search_fusion(coco, members[SEARCHED_ON], budget=BUDGET, seed=SEED)
            params, held_out = result.params, result.held_out[result.choice]
            gain = held_out.gain
            found = {'choice': result.choice, 'held_out_gain': [gain.value, gain.low, gain.high]}
        else:
            params = equal_weights(list(steps), sorted(category['id'] for category in coco.categories))
        fused = {ann: params.fuse(members[ann], _sizes(self.coco(cell, ann))) for ann in members}
        on = {ann: self._score(cell, ann, fused[ann]) for ann in fused}
        gain = self._gain(cell, members[SCORED_ON], fused[SCORED_ON])
        return {**on[SCORED_ON], 'search': on[SEARCHED_ON], **gain, **found, 'params': _described(params)}

    def _score(self, cell: Step, ann: str, predictions) -> dict:
        """Give mAP50 with the interval in which 90 % of resamples lie."""
        from custom_modules.evaluation import FastMap50, bootstrap_weights, interval

        score = FastMap50(self.coco(cell, ann))
        matched = score(predictions)
        resampled = matched.map50(bootstrap_weights(len(score.image_ids), NUM_RESAMPLES, SEED))
        return {'mAP50': matched.map50(), 'interval': interval(resampled)}

    def _gain(self, cell: Step, members: dict, fused) -> dict:
        """Compare with the member that is best on these very pictures, which nobody can know beforehand."""
        from custom_modules.evaluation import FastMap50, bootstrap_weights, interval

        score = FastMap50(self.coco(cell, SCORED_ON))
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

    def _read(self, cell: Step, ann: str):
        """Read boxes; masks have no part in this."""
        from custom_modules.evaluation import read_predictions

        return replace(read_predictions(self.predictions(cell, ann), self.coco(cell, ann)), segmentations=None)


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
