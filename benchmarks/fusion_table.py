"""What the tables of fusions have in common: a row for each member and each way to fuse, with and without TTA."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchmarks.fusion_plan import MORE_SEEDS, PHOTOGRAPHS, PREDICT, SEARCH, TRAIN, FusionPlan, Step

TITLES = {'photographs': 'Photographs', 'synthetic': 'Synthetic pictures'}
HEADS = '| | searched on | scored on | gain | with TTA: searched on | scored on | gain | steps | training seconds |'
INTERVAL = '[{:{form}}, {:{form}}]'


class FusionTable:
    """Rows of a plan.

    Args:
        plan: What there is.
        results: Records by key.
        score: Name of the main score.
        names: What each fusion is called, by kind.
    """

    def __init__(self, plan: FusionPlan, results: dict[str, dict], score: str, names: Mapping[str, str]) -> None:
        self.plan, self.results, self.score, self.names = plan, results, score, names

    def scores(self, data: str, more: Iterator[str] | tuple[str, ...] = ()) -> Iterator[str]:
        """Give the table of one data set.

        Args:
            data: Its name.
            more: Rows to end with.
        """
        yield from (f'## {TITLES[data]}', '')
        yield HEADS
        yield '|---' * (HEADS.count('|') - 1) + '|'
        for member in self.plan.members:
            training = self.record(Step(data, TRAIN, member))
            steps = [str(training['steps']), f'{training["seconds"]:.0f}'] if 'steps' in training else ['', '']
            yield self.row(member, [self.record(Step(data, PREDICT, member, tta)) for tta in (False, True)], steps)
        for kind in self.plan.fusions:
            yield self.row(self.names[kind], [self.record(Step(data, kind, tta=tta)) for tta in (False, True)])
        yield from more
        yield ''

    def record(self, step: Step) -> dict:
        """Return what is known of a cell."""
        return self.results.get(step.key, {})

    def row(self, name: str, records: list[dict], more: list[str] | None = None) -> str:
        """Write a row: the scores of predictions without and with TTA."""
        cells = [
            text
            for record in records
            for text in (self.figure(record.get('search', {})), self.figure(record), _gain(record))
        ]
        return f'| {" | ".join([name, *cells, *(more or ["", ""])])} |'

    def figure(self, record: dict) -> str:
        """Write a score with its interval; empty where there is none."""
        if 'interval' not in record:
            return ''
        return f'{record[self.score]:.4f} {INTERVAL.format(*record["interval"], form=".4f")}'

    def seeds(self) -> Iterator[str]:
        """Compare the seeds of the trainings on photographs, where there are several."""
        seeds = [seed for seed in (0, *MORE_SEEDS) if Step(PHOTOGRAPHS, SEARCH, seed=seed).key in self.results]
        if len(seeds) < 2:
            return
        heads = ['seed', 'best single', *(self.names[kind].removeprefix('all, ') for kind in self.plan.fusions)]
        yield from ('## Photographs, by seed', '', f'| {" | ".join(heads)} |', '|---' * len(heads) + '|')
        for seed in seeds:
            singles = [self.record(Step(PHOTOGRAPHS, PREDICT, member, seed=seed)) for member in self.plan.members]
            scored = [record for record in singles if self.score in record]
            best = max(scored, key=lambda record: record[self.score], default={})
            records = [best, *(self.record(Step(PHOTOGRAPHS, kind, seed=seed)) for kind in self.plan.fusions)]
            yield f'| {" | ".join([str(seed), *map(self.figure, records)])} |'
        yield ''


def _gain(record: dict) -> str:
    return '' if 'gain' not in record else with_interval([record['gain'], *record['gain_interval']])


def with_interval(values: list[float]) -> str:
    """Write a difference with its interval."""
    return f'{values[0]:+.4f} {INTERVAL.format(*values[1:], form="+.4f")}'
