"""The parts of a comparison's table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import mean

from benchmarks.comparison import BASELINE, DATA, FULL_SIZE, PRETRAINING, Comparison, Run


def demo_table(comparison: Comparison, results: dict[str, dict]) -> Iterator[str]:
    """Give the lines of the section on trainings at demo size: a row for each cell, both sorts of pictures in it.

    Args:
        comparison: What is compared.
        results: Records by key.
    """
    main, *others = comparison.scores
    names = ' | '.join([main, 'difference', *others, 'steps', 'seconds'])
    yield from ('## Demo size', '', *_head(f'| | | {" | ".join(f"{data} {names}" for data in DATA)} |'))
    rows: dict[str, dict[str, Run]] = {}
    for run in comparison.first_runs():
        if not run.gpu:
            rows.setdefault(run.cell, {})[run.data] = run
    groups = list(dict.fromkeys(next(iter(row.values())).group for row in rows.values()))
    shown = ''
    # By group: the table is for reading, not for running.
    for cell, row in sorted(rows.items(), key=lambda item: groups.index(next(iter(item[1].values())).group)):
        group = next(iter(row.values())).group
        values = [value for data in DATA for value in _values(comparison, row.get(data), results)]
        yield f'| {group if group not in (shown, cell) else ""} | {cell} | {" | ".join(values)} |'
        shown = group
    yield ''


def full_size_table(comparison: Comparison, results: dict[str, dict]) -> Iterator[str]:
    """Give the lines of the section on trainings of whole configs.

    Args:
        comparison: What is compared.
        results: Records by key.
    """
    main, *others = comparison.scores
    yield from ('## Full size, on a GPU', '', 'Photographs; each config as it stands, from its published weights.', '')
    yield from _head('| ' + ' | '.join(['config', main, 'difference', *others, 'steps', 'seconds']) + ' |')
    for run in comparison.gpu_runs():
        if run.group == FULL_SIZE:
            yield f'| `{run.config}` | {" | ".join(_values(comparison, run, results))} |'
    yield ''


def speed_table(
    comparison: Comparison, results: dict[str, dict], *, title: str, size: int, columns: Mapping[str, str]
) -> Iterator[str]:
    """Give the lines of the section on the speed of training.

    Args:
        comparison: What is compared.
        results: Records by key.
        title: Whose speed.
        size: Side of the pictures, px.
        columns: Names of the figures by title.
    """
    yield from (f'## Speed of {title}, on a GPU', '', f'Training steps on pictures of {size} x {size}.', '')
    yield from _head(f'| | {" | ".join(columns)} |')
    for run in comparison.gpu_runs():
        if run.speed:
            record = results.get(run.key, {})
            figures = [f'{record[name]:.2f}' if name in record else '' for name in columns.values()]
            yield f'| {run.cell} | {" | ".join(figures)} |'
    yield ''


def _head(columns: str) -> tuple[str, str]:
    return columns, '|' + '---|' * columns.count(' |')


def _values(comparison: Comparison, run: Run | None, results: dict[str, dict]) -> list[str]:
    main, *others = comparison.scores
    if run is None:
        return [''] * (4 + len(others))
    record, change = results.get(run.key, {}), comparison.difference(run, results)
    is_compared = run.group not in (BASELINE, PRETRAINING) and run.cell != comparison.full_size_baseline
    return [
        _with_spread(comparison.scores_of(run.cell, run.data, results)),
        f'{change:+.4f}' if is_compared and change is not None else '',
        *(_with_spread(comparison.scores_of(run.cell, run.data, results, name)) for name in others),
        str(record.get('steps') or ''),
        f'{record["seconds"]:.0f}' if record.get('seconds') and record.get(main) is not None else '',
    ]


def _with_spread(values: Sequence[float]) -> str:
    if len(values) < 2:
        return f'{values[0]:.4f}' if values else ''
    middle = mean(values)
    return f'{middle:.4f} ± {max(abs(value - middle) for value in values):.4f} ({len(values)} seeds)'
