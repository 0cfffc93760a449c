"""What a search found, to read and to keep."""

import csv
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from custom_modules.evaluation.bootstrap import LEVEL
from custom_modules.utils import atomic_write

from .held_out import Estimate, HeldOut
from .member_files import Maker
from .member_params import MemberParams

SINGLE, EQUAL, SEARCHED = 'single', 'equal', 'searched'
_TITLES = {SINGLE: 'best single member', EQUAL: 'all members, equal weights', SEARCHED: 'searched'}

_PARTS_NOTE = (
    'means over small parts: the same predictions score otherwise on all pictures (below), so compare the gains'
)


@dataclass(frozen=True)
class MemberRow:
    """One member.

    Attributes:
        name: As given.
        single: Score of it alone, on all images.
        weight: In the params; 0 for one left out.
        adds: Score of the params with it less that without it, on all images, which the params were fitted on; None for
            a member that is used alone.
    """

    name: str
    single: float
    weight: float
    adds: Estimate | None


@dataclass(frozen=True)
class SearchResult:
    """Outcome of a search.

    Attributes:
        params: To use.
        choice: Which way they come from: ``'single'`` (nothing gains over it), ``'equal'`` or ``'searched'``.
        held_out: Scores on held-out images by way, and gains over ``'single'``.
        members: One row each.
        trials: All params tried, in order, with the score on all images.
        budget: Trials that were allowed.
        converged: Whether it ended because nothing gained, not because of the budget.
        seed: As given.
        folds: As given.
        repeats: As given.
        num_images: Images searched on.
        seconds: Time taken.
    """

    params: MemberParams
    choice: str
    held_out: dict[str, HeldOut]
    members: list[MemberRow]
    trials: list[tuple[MemberParams, float]]
    budget: int
    converged: bool
    seed: int
    folds: int
    repeats: int
    num_images: int
    seconds: float

    @property
    def gain(self) -> Estimate:
        """Score to expect over the best single member, measured on held-out images."""
        return self.held_out[self.choice].gain

    def save(self, path: str | Path, makers: Mapping[str, Maker] | None = None, **extra: Any) -> None:
        """Write the params with what is known about them, and ``<name>.trials.csv`` with everything tried.

        Args:
            path: The json; ``load`` of the params' class reads it.
            makers: What made the members, so that their predictions on other pictures are known for theirs.
            extra: More to keep in the file, json values by name.
        """
        facts = ('choice', 'budget', 'converged', 'seed', 'folds', 'repeats', 'num_images')
        search = {name: getattr(self, name) for name in facts}
        search |= {'num_trials': len(self.trials), 'interval': LEVEL}
        search['held_out'] = {name: asdict(way) for name, way in self.held_out.items()}
        search['members'] = [asdict(row) for row in self.members]
        made_by = {name: maker.as_dict() for name, maker in (makers or {}).items()}
        self.params.save(path, search=search, made_by=made_by, **extra)
        with atomic_write(Path(path).with_suffix('.trials.csv')) as file:
            writer = csv.writer(file, lineterminator='\n')
            writer.writerow(['trial', self.params.METRIC, *self.params.TRIAL_COLUMNS])
            for number, (params, score) in enumerate(self.trials, start=1):
                writer.writerow([number, score, *params.trial_cells()])

    def report(self) -> str:
        """Return the tables and the advice as lines of text."""
        params, parts = self.params, f'{self.repeats} x {self.folds} parts'
        lines = [
            f'{len(self.trials)} trials on {self.num_images} pictures in {self.seconds:.0f} s, seed {self.seed}'
            + (': nothing gains any more' if self.converged else f': the budget of {self.budget} ended it'),
            '',
            f'{params.METRIC} on held-out pictures ({parts}; {LEVEL:.0%} bootstrap intervals)',
            *_table(
                ['', params.METRIC, 'interval', 'gain', 'interval'],
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
            lines.append(params.describe())
        return '\n'.join(lines)

    def _verdict(self) -> str:
        gain, params = self.gain, self.params
        if self.choice == SINGLE:
            return f'use {params.members[params.used[0]]} alone: {params.VERB} gains nothing on held-out pictures'
        what = f'the {params.NOUN} found' if self.choice == SEARCHED else 'all members with equal weights'
        doubt = '' if gain.low > 0 else ' (the interval contains 0: it may be chance)'
        return f'use {what}: {gain.value:+.4f} {params.METRIC} over the best single member on held-out pictures{doubt}'


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
