"""The cells of benchmarks/detection.py: what is compared with what, on which pictures, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean

ROOT = Path(__file__).resolve().parents[1]
CELLS = ROOT / 'benchmarks' / 'detection'
SYNTHETIC, PHOTOGRAPHS = 'synthetic', 'photographs'
DATA = (SYNTHETIC, PHOTOGRAPHS)
PRETRAINING, BASELINE, NO_START = 'pretraining', 'baseline', 'no start weights'
PASTED = 'copy_paste_offline'  # the pictures differ, not the config
FIRST_SEED, MORE_SEEDS, NUM_REPEATED = 0, (1, 2), 4
FULL_SIZE, FULL_SIZE_BASELINE = 'full size', 'htc_swin_b'
SPEED_CONFIG = 'configs/trash/htc_swin_l.py'

# Groups of the table, and their cells from the most to the least telling; each is benchmarks/detection/<name>.py,
# those of `families` are the demo's own configs.
GROUPS = {
    'multi-scale resizing': ['multi_scale', 'single_scale'],
    'copy-paste': ['copy_paste', PASTED],
    'sampling': ['repeat_factor', 'class_aware'],
    'neck': ['pafpn', 'bifpn', 'nasfpn'],
    'box loss': [
        *('giou', 'ciou', 'wiou', 'nwd', 'alpha_ciou'),
        *('siou', 'mpdiou', 'inner_iou', 'eiou', 'alpha_diou'),
    ],
    'class loss': ['label_smoothing', 'seesaw', 'focal', 'eqlv2'],
    'mixing': ['mosaic', 'mixup'],
    'family': ['htc_swin', 'dino_swin', 'atss_swin'],
}


@dataclass(frozen=True)
class Run:
    """One cell of the table with one seed.

    Attributes:
        cell: Its name.
        group: What kind of choice it is.
        data: ``synthetic`` or ``photographs``.
        seed: The seed.
        config: The config, relative to the repository.
        start: What to start from: ``none`` or ``pretraining``.
        length: Multiple of the common number of steps; 0 for the config's own schedule.
        gpu: Whether it is only run on a GPU.
        speed: Batch size and whether bfloat16, for a measurement of speed instead of a training.
    """

    cell: str
    group: str
    data: str
    seed: int = FIRST_SEED
    config: str = ''
    start: str = 'none'
    length: int = 1
    gpu: bool = False
    speed: tuple[int, bool] | None = None

    @property
    def key(self) -> str:
        """Name of the run, fit for a folder."""
        return f'{self.data}_{self.cell}_s{self.seed}'.replace(' ', '_')


def first_runs() -> Iterator[Run]:
    """List every cell once, the most informative ones first."""
    baseline = {data: _demo_run(BASELINE, BASELINE, data) for data in DATA}
    yield _demo_run(PRETRAINING, PRETRAINING, SYNTHETIC, length=2)
    yield from baseline.values()
    yield replace(baseline[PHOTOGRAPHS], cell=NO_START, group='start weights', start='none')
    depth = max(map(len, GROUPS.values()))
    for rank in range(depth):  # the most telling cell of every group before the second of any
        for group, cells in GROUPS.items():
            yield from (_demo_run(cell, group, data) for cell in cells[rank : rank + 1] for data in DATA)
    yield from full_size_runs()


def _demo_run(cell: str, group: str, data: str, length: int = 1) -> Run:
    folder = 'configs/demo' if group == 'family' else 'benchmarks/detection'
    name = BASELINE if cell == PRETRAINING else cell
    # A detector of another family would only be given the backbone; all cells start from what fits them.
    start = PRETRAINING if data == PHOTOGRAPHS else 'none'
    return Run(cell, group, data, config=f'{folder}/{name}.py', start=start, length=length)


def full_size_runs() -> Iterator[Run]:
    """List what needs a GPU: every single choice at full size on photographs, and the speed of the largest model."""
    for path in sorted((ROOT / 'configs' / 'trash').glob(f'{FULL_SIZE_BASELINE}*.py')):
        config = str(path.relative_to(ROOT))
        yield Run(path.stem, FULL_SIZE, PHOTOGRAPHS, config=config, start='published', length=0, gpu=True)
    for batch in (1, 2, 4):
        for bfloat16 in (False, True):
            cell = f'batch {batch}, {"bfloat16" if bfloat16 else "float32"}'
            yield Run(cell, 'speed', SYNTHETIC, config=SPEED_CONFIG, gpu=True, speed=(batch, bfloat16))


def more_seeds(results: dict[str, dict]) -> Iterator[Run]:
    """List the further seeds of the cells that differ most from the baseline, once all have been run.

    Args:
        results: Records by :attr:`Run.key`.
    """
    trained = [run for run in first_runs() if run.group not in (BASELINE, PRETRAINING) and not run.gpu]
    if all(run.key in results for run in trained):
        largest = sorted(trained, key=lambda run: -abs(difference(run, results) or 0))[:NUM_REPEATED]
        yield from (replace(run, seed=seed) for run in largest for seed in MORE_SEEDS)


def all_runs(results: dict[str, dict]) -> list[Run]:
    """List all runs in the order they are to be made.

    The baseline's further seeds, which tell what a difference is worth, come after one cell of every group; what
    needs a GPU comes last.
    """
    runs = [run for run in first_runs() if not run.gpu]
    baselines = [run for run in runs if run.cell == BASELINE]
    telling = runs.index(baselines[-1]) + 2 + len(DATA) * len(GROUPS)
    repeats = [replace(run, seed=seed) for seed in MORE_SEEDS for run in baselines]
    return [*runs[:telling], *repeats, *runs[telling:], *more_seeds(results), *full_size_runs()]


def scores(cell: str, data: str, results: dict[str, dict], name: str = 'mAP50') -> list[float]:
    """Give a cell's scores, one per seed that has been run."""
    keys = (Run(cell, '', data, seed).key for seed in (FIRST_SEED, *MORE_SEEDS))
    return [results[key][name] for key in keys if results.get(key, {}).get(name) is not None]


def difference(run: Run, results: dict[str, dict]) -> float | None:
    """Give a cell's mean mAP50 less the baseline's on the same pictures; None where one is missing."""
    baseline = FULL_SIZE_BASELINE if run.group == FULL_SIZE else BASELINE
    mine, theirs = scores(run.cell, run.data, results), scores(baseline, run.data, results)
    return mean(mine) - mean(theirs) if mine and theirs else None


def names(runs: Iterable[Run]) -> list[str]:
    """Give each cell once, in order."""
    return list(dict.fromkeys(run.cell for run in runs))
