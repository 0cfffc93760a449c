"""Comparisons of one choice at a time: which runs a task has, in which order, and how they differ.

A task is a :class:`Comparison`: detection_grid.py and segmentation_grid.py have one each.  comparison_grid.py runs it,
comparison_table.py shows it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean

ROOT = Path(__file__).resolve().parents[1]
SYNTHETIC, PHOTOGRAPHS = 'synthetic', 'photographs'
DATA = (SYNTHETIC, PHOTOGRAPHS)
PRETRAINING, BASELINE, NO_START = 'pretraining', 'baseline', 'no start weights'
FULL_SIZE, SPEED = 'full size', 'speed'
UNTRAINED, PUBLISHED = 'none', 'published'
FIRST_SEED, MORE_SEEDS, NUM_REPEATED = 0, (1, 2), 4


@dataclass(frozen=True)
class Run:
    """One cell of the table with one seed.

    Attributes:
        cell: Its name.
        group: What kind of choice it is.
        data: ``synthetic`` or ``photographs``.
        seed: The seed.
        config: The config, relative to the repository; empty where one is written for the run.
        start: Whose weights to take: ``none``, ``published`` ones, or those of the cell of this name.
        length: Multiple of the common number of steps; 0 for the config's own schedule.
        validates: Whether after each epoch, for what learns from validations, and not at the end alone.
        tta: Whether with test-time augmentation, for a prediction instead of a training.
        gpu: Whether it is only run on a GPU.
        speed: Batch size and whether bfloat16, for a measurement of speed instead of a training.
    """

    cell: str
    group: str
    data: str
    seed: int = FIRST_SEED
    config: str = ''
    start: str = UNTRAINED
    length: int = 1
    validates: bool = False
    tta: bool | None = None
    gpu: bool = False
    speed: tuple[int, bool] | None = None

    @property
    def key(self) -> str:
        """Name of the run, fit for a folder."""
        return f'{self.data}_{self.cell}_s{self.seed}'.replace(' ', '_')

    @property
    def source(self) -> Run | None:
        """The run whose weights it takes: one for all trainings, the one of its pictures and seed for a prediction."""
        if self.start in (UNTRAINED, PUBLISHED):
            return None
        data, seed = (SYNTHETIC, FIRST_SEED) if self.tta is None else (self.data, self.seed)
        return Run(self.start, '', data, seed)


class Comparison(ABC):
    """What is compared with what.

    Attributes:
        scores: Names of the figures that are kept, the one that differences are of first.
        groups: Names of cells by group, in both from the most to the least telling.
        full_size_baseline: The cell that others of the group ``full size`` are compared with.
    """

    scores: Sequence[str]
    groups: Mapping[str, Sequence[str]]
    full_size_baseline: str | None = None

    @abstractmethod
    def config(self, cell: str, group: str, data: str) -> str:
        """Return the config of a cell, relative to the repository; empty where one is written for the run."""

    def gpu_runs(self) -> Iterator[Run]:
        """List what is only run on a GPU."""
        yield from ()

    def runs_of(self, cell: str, group: str) -> Iterator[Run]:
        """List the runs of a cell with its first seed."""
        yield from (self.demo_run(cell, group, data) for data in DATA)

    def demo_run(self, cell: str, group: str, data: str) -> Run:
        """Make the run of a cell: on photographs all start from what fits them."""
        start = PRETRAINING if data == PHOTOGRAPHS else UNTRAINED
        return Run(cell, group, data, config=self.config(cell, group, data), start=start)

    def first_runs(self) -> Iterator[Run]:
        """List every cell once, the most informative ones first."""
        yield from self._beginning()
        for rank in range(self._depth()):
            yield from self._ranked(rank)
        yield from self.gpu_runs()

    def all_runs(self, results: dict[str, dict]) -> list[Run]:
        """List all runs in the order they are to be made.

        The baseline's further seeds, which tell what a difference is worth, come after one cell of every group; what
        needs a GPU comes last.

        Args:
            results: Records by :attr:`Run.key`.
        """
        baselines = [run for run in self._beginning() if run.cell == BASELINE]
        return [
            *self._beginning(),
            *self._ranked(0),
            *(replace(run, seed=seed) for seed in MORE_SEEDS for run in baselines),
            *(run for rank in range(1, self._depth()) for run in self._ranked(rank)),
            *self.more_seeds(results),
            *self.gpu_runs(),
        ]

    def _beginning(self) -> Iterator[Run]:
        """List what all others are compared with or start from."""
        baseline = {data: self.demo_run(BASELINE, BASELINE, data) for data in DATA}
        yield replace(self.demo_run(PRETRAINING, PRETRAINING, SYNTHETIC), length=2)
        yield from baseline.values()
        yield replace(baseline[PHOTOGRAPHS], cell=NO_START, group='start weights', start=UNTRAINED)

    def _ranked(self, rank: int) -> Iterator[Run]:
        """List the cells at one rank of their groups: the most telling of every group before the second of any."""
        for group, cells in self.groups.items():
            for cell in cells[rank : rank + 1]:
                yield from self.runs_of(cell, group)

    def _depth(self) -> int:
        return max(map(len, self.groups.values()))

    def more_seeds(self, results: dict[str, dict]) -> Iterator[Run]:
        """List the further seeds of the cells that differ most from the baseline, once all have been run.

        Args:
            results: Records by :attr:`Run.key`.
        """
        compared = [run for run in self.first_runs() if run.group not in (BASELINE, PRETRAINING) and not run.gpu]
        if all(run.key in results for run in compared):
            largest = sorted(compared, key=lambda run: -abs(self.difference(run, results) or 0))[:NUM_REPEATED]
            yield from (replace(run, seed=seed) for run in largest for seed in MORE_SEEDS)

    def scores_of(self, cell: str, data: str, results: dict[str, dict], name: str | None = None) -> list[float]:
        """Give a cell's scores, one per seed that has been run; the main ones if no name is given."""
        name = name or self.scores[0]
        keys = (Run(cell, '', data, seed).key for seed in (FIRST_SEED, *MORE_SEEDS))
        return [results[key][name] for key in keys if results.get(key, {}).get(name) is not None]

    def difference(self, run: Run, results: dict[str, dict]) -> float | None:
        """Give a cell's mean score less the baseline's on the same pictures; None where one is missing."""
        baseline = self.full_size_baseline if run.group == FULL_SIZE else BASELINE
        mine, theirs = (self.scores_of(cell, run.data, results) for cell in (run.cell, baseline))
        return mean(mine) - mean(theirs) if mine and theirs else None


def speed_runs(config: str, batches: Sequence[int], name: str = '') -> Iterator[Run]:
    """List the measurements of a model's speed in training, on a GPU.

    Args:
        config: The config, relative to the repository.
        batches: Pictures at a time.
        name: What to call the model where there are several.
    """
    for batch in batches:
        for bfloat16 in (False, True):
            cell = f'{name + ", " if name else ""}batch {batch}, {"bfloat16" if bfloat16 else "float32"}'
            yield Run(cell, SPEED, SYNTHETIC, config=config, gpu=True, speed=(batch, bfloat16))
