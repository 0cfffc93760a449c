"""What a search found, to read and to keep."""

import csv
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from custom_modules.evaluation.bootstrap import LEVEL
from custom_modules.utils import atomic_write

from .held_out import Estimate, HeldOut
from .member_files import Maker
from .params import FusionParams

SINGLE, EQUAL, SEARCHED = 'single', 'equal', 'searched'
_TITLES = {SINGLE: 'best single member', EQUAL: 'all members, equal weights', SEARCHED: 'searched'}

_PARTS_NOTE = 'means over small parts: the same boxes score otherwise on all pictures (below), so compare the gains'

_TRIAL_COLUMNS = ('trial', 'mAP50', 'weights', 'method', 'conf_type', 'iou_thr', 'skip_box_thr', 'score_scale')


@dataclass(frozen=True)
class MemberRow:
    """One member.

    Attributes:
        name: As given.
        single: mAP50 of it alone, on all images.
        weight: In the params; 0 for one left out.
        adds: mAP50 of the params with it less that without it, on all images, which the params were fitted on; None for
            a member that is used alone.
    """

    name: str
    single: float
    weight: float
    adds: Estimate | None


@dataclass(frozen=True)
class SearchResult:
    """Outcome of `search_fusion`.

    Attributes:
        params: To use.
        choice: Which way they come from: ``'single'`` (fusing gains nothing), ``'equal'`` or ``'searched'``.
        held_out: Scores on held-out images by way, and gains over ``'single'``.
        members: One row each.
        trials: All params tried, in order, with mAP50 on all images.
        budget: Trials that were allowed.
        converged: Whether it ended because nothing gained, not because of the budget.
        seed: As given.
        folds: As given.
        repeats: As given.
        num_images: Images searched on.
        seconds: Time taken.
    """

    params: FusionParams
    choice: str
    held_out: dict[str, HeldOut]
    members: list[MemberRow]
    trials: list[tuple[FusionParams, float]]
    budget: int
    converged: bool
    seed: int
    folds: int
    repeats: int
    num_images: int
    seconds: float

    @property
    def gain(self) -> Estimate:
        """mAP50 to expect over the best single member, measured on held-out images."""
        return self.held_out[self.choice].gain

    def save(self, path: str | Path, makers: Mapping[str, Maker] | None = None) -> None:
        """Write the params with what is known about them, and ``<name>.trials.csv`` with everything tried.

        Args:
            path: The json; ``FusionParams.load`` reads it.
            makers: What made the members, so that their predictions on other pictures are known for theirs.
        """
        facts = ('choice', 'budget', 'converged', 'seed', 'folds', 'repeats', 'num_images')
        search = {name: getattr(self, name) for name in facts}
        search |= {'num_trials': len(self.trials), 'interval': LEVEL}
        search['held_out'] = {name: asdict(way) for name, way in self.held_out.items()}
        search['members'] = [asdict(row) for row in self.members]
        made_by = {name: maker.as_dict() for name, maker in (makers or {}).items()}
        self.params.save(path, search=search, made_by=made_by)
        with atomic_write(Path(path).with_suffix('.trials.csv')) as file:
            writer = csv.writer(file, lineterminator='\n')
            writer.writerow(_TRIAL_COLUMNS)
            writer.writerows(_trial_row(number, *trial) for number, trial in enumerate(self.trials, start=1))

    def report(self) -> str:
        """Return the tables and the advice as lines of text."""
        params = self.params
        lines = [
            f'{len(self.trials)} trials on {self.num_images} pictures in {self.seconds:.0f} s, seed {self.seed}'
            + (': nothing gains any more' if self.converged else f': the budget of {self.budget} ended it'),
            '',
            f'mAP50 on held-out pictures ({self.repeats} x {self.folds} parts; {LEVEL:.0%} bootstrap intervals)',
            *_table(
                ['', 'mAP50', 'interval', 'gain', 'interval'],
                [[_TITLES[name], *_cells(way.score), *_signed(way.gain)] for name, way in self.held_out.items()],
            ),
            _PARTS_NOTE,
            '',
            'members, on all pictures',
            *_table(
                ['', 'alone', 'weight', 'adds', 'interval'],
                [[row.name, f'{row.single:.4f}', f'{row.weight:g}', *_signed(row.adds)] for row in self.members],
            ),
            '',
            self._verdict(),
        ]
        if not params.is_single:
            lines.append(_settings(params))
        return '\n'.join(lines)

    def _verdict(self) -> str:
        gain = self.gain
        if self.choice == SINGLE:
            return f'use {self.params.members[self.params.used[0]]} alone: fusing gains nothing on held-out pictures'
        what = 'the fusion found' if self.choice == SEARCHED else 'all members with equal weights'
        doubt = '' if gain.low > 0 else ' (the interval contains 0: it may be chance)'
        return f'use {what}: {gain.value:+.4f} mAP50 over the best single member on held-out pictures{doubt}'


def _settings(params: FusionParams) -> str:
    conf_type = f', {params.conf_type}' if params.method == 'wbf' else ''
    scale = ', score scales by class' if params.score_scale is not None else ''
    return f'{params.method}{conf_type}, IoU above {params.iou_thr:g}, scores from {params.skip_box_thr:g}{scale}'


def _trial_row(number: int, params: FusionParams, score: float) -> list:
    scale = params.score_scale and '; '.join(' '.join(f'{value:g}' for value in row) for row in params.score_scale)
    weights = ' '.join(f'{weight:g}' for weight in params.weights)
    return [number, score, weights, params.method, params.conf_type, params.iou_thr, params.skip_box_thr, scale or '']


def _cells(estimate: Estimate) -> list[str]:
    return [f'{estimate.value:.4f}', f'{estimate.low:.4f} .. {estimate.high:.4f}']


def _signed(estimate: Estimate | None) -> list[str]:
    if estimate is None:
        return ['', '']
    return [f'{estimate.value:+.4f}', f'{estimate.low:+.4f} .. {estimate.high:+.4f}']


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    """Align columns, the first one to the left."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = []
    for first, *others in (head, *rows):
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        lines.append('  '.join(cells).rstrip())
    return lines
