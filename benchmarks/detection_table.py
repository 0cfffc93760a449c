"""Writes benchmarks/detection.md from the records of benchmarks/detection.py."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import mean

from benchmarks.detection_grid import (
    BASELINE,
    DATA,
    FULL_SIZE,
    FULL_SIZE_BASELINE,
    PHOTOGRAPHS,
    PRETRAINING,
    SYNTHETIC,
    Run,
    difference,
    first_runs,
    scores,
)
from benchmarks.grid import failures, machines

HEAD = """# Detectors, one choice at a time

Written by `python benchmarks/detection.py` from [detection.json](detection.json); cells without a run are empty.
Every row is the demo's Cascade Mask R-CNN (a Swin of 32 channels, 192 px, batch 8) with one thing changed, or another
demo detector, trained for the same number of steps. `difference` is the mAP50 less the baseline's. Several seeds are a
mean with the largest distance from it; a difference below the baseline's own spread says nothing. Seconds include
what other work on the machine cost.

- synthetic: 1,000 training and 80 validation pictures of `make demo`; no start weights.
- photographs: TACO at 416 px in the ten trash classes; every run but one starts from the same detector, trained for
  twice the steps on the synthetic pictures.
"""
DEMO_COLUMNS = '| | | ' + ' | '.join(f'{data} mAP50 | difference | mAP | steps | seconds' for data in DATA) + ' |'


def write_table(results: dict[str, dict]) -> str:
    """Make the text of the file.

    Args:
        results: Records by key.

    Returns:
        Markdown.
    """
    runs = list(first_runs())
    parts = [HEAD, *_demo_table(runs, results), *_full_size_table(runs, results), *_speed_table(runs, results)]
    return '\n'.join([*parts, *failures(results), *machines(results)]).rstrip() + '\n'


def _demo_table(runs: list[Run], results: dict[str, dict]) -> Iterator[str]:
    yield from ('## Demo size', '', DEMO_COLUMNS, '|' + '---|' * DEMO_COLUMNS.count(' |'))
    rows: dict[str, dict[str, Run]] = {}
    for run in runs:
        if not run.gpu:
            rows.setdefault(run.cell, {})[run.data] = run
    shown = ''
    for cell in sorted(rows, key=lambda cell: _place(rows[cell])):
        group = next(iter(rows[cell].values())).group
        values = [value for data in DATA for value in _values(rows[cell].get(data), results)]
        yield f'| {group if group not in (shown, cell) else ""} | {cell} | {" | ".join(values)} |'
        shown = group
    yield ''


def _place(row: dict[str, Run]) -> tuple:
    """Order rows by group: the table is for reading, not for running."""
    groups = list(dict.fromkeys(run.group for run in first_runs()))
    return groups.index(next(iter(row.values())).group)


def _values(run: Run | None, results: dict[str, dict]) -> list[str]:
    if run is None:
        return [''] * 5
    record, change = results.get(run.key, {}), difference(run, results)
    is_compared = run.cell not in (BASELINE, PRETRAINING, FULL_SIZE_BASELINE) and change is not None
    return [
        _with_spread(scores(run.cell, run.data, results)),
        f'{change:+.4f}' if is_compared else '',
        _with_spread(scores(run.cell, run.data, results, 'mAP')),
        str(record.get('steps') or ''),
        f'{record["seconds"]:.0f}' if record.get('seconds') and record.get('mAP50') is not None else '',
    ]


def _with_spread(values: list[float]) -> str:
    if len(values) < 2:
        return f'{values[0]:.4f}' if values else ''
    middle = mean(values)
    return f'{middle:.4f} ± {max(abs(value - middle) for value in values):.4f} ({len(values)} seeds)'


def _full_size_table(runs: list[Run], results: dict[str, dict]) -> Iterator[str]:
    columns = '| config | mAP50 | difference | mAP | steps | seconds |'
    yield from ('## Full size, on a GPU', '', 'Photographs; each config as it stands, from its published weights.', '')
    yield from (columns, '|' + '---|' * columns.count(' |'))
    for run in runs:
        if run.group == FULL_SIZE:
            yield f'| `{run.config}` | {" | ".join(_values(run, results))} |'
    yield ''


def _speed_table(runs: list[Run], results: dict[str, dict]) -> Iterator[str]:
    yield from ('## Speed of HTC Swin-L, on a GPU', '', 'Training steps on pictures of 1024 x 1024.', '')
    yield from ('| | images per second | GiB |', '|---|---|---|')
    for run in runs:
        if run.speed:
            record = results.get(run.key, {})
            figures = [f'{record[name]:.2f}' if name in record else '' for name in ('images_per_second', 'memory_gib')]
            yield f'| {run.cell} | {" | ".join(figures)} |'
    yield ''


__all__ = ['PHOTOGRAPHS', 'SYNTHETIC', 'write_table']
