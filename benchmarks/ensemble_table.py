"""Writes benchmarks/ensemble.md from the records of benchmarks/ensemble.py."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.ensemble_plan import PLAN
from benchmarks.fusion_plan import EQUAL, MORE_SEEDS, PHOTOGRAPHS, PREDICT, SEARCH, SYNTHETIC, TRAIN, Step
from benchmarks.grid import failures, machines

TARGET = 0.04  # of the best single's score
HEAD = f"""# Test-time augmentation and fusion

Written by `python benchmarks/ensemble.py` from [ensemble.json](ensemble.json); cells without a run are empty.
Every detector is of demo size and was trained on 1,000 synthetic pictures of 192 px; those for photographs went on from
there on TACO at 416 px, in crops of 256 px. `searched on` is val.json, on which the search looks for members, weights
and thresholds; `scored on` is test_answers.json, which nothing was chosen by. Figures are mAP50; brackets hold 90 % of
bootstrap resamples over pictures. `gain` compares with the single detector that is best on the very pictures scored
on, which nobody knows beforehand. Equal weights: WBF at IoU 0.55.

Target: the searched fusion at least {TARGET:.0%} (relative) above the best single, and never below it.
"""
TITLES = {PHOTOGRAPHS: 'Photographs', SYNTHETIC: 'Synthetic pictures'}
NAMES = {EQUAL: 'all, equal weights', SEARCH: 'all, searched'}


def write_table(results: dict[str, dict]) -> str:
    """Make the text of the file.

    Args:
        results: Records by key.

    Returns:
        Markdown.
    """
    parts = [HEAD]
    for data in (PHOTOGRAPHS, SYNTHETIC):
        parts += [*_scores(data, results), *_verdict(data, results), *_params(data, results)]
    return '\n'.join([*parts, *_seeds(results), *failures(results), *machines(results)]).rstrip() + '\n'


def _scores(data: str, results: dict[str, dict]) -> Iterator[str]:
    yield from (f'## {TITLES[data]}', '')
    yield '| | searched on | scored on | gain | with TTA: searched on | scored on | gain | steps | training seconds |'
    yield '|---|---|---|---|---|---|---|---|---|'
    for member in PLAN.members:
        training = results.get(Step(data, TRAIN, member).key, {})
        steps = [str(training['steps']), f'{training["seconds"]:.0f}'] if 'steps' in training else ['', '']
        yield _row(member, [results.get(Step(data, PREDICT, member, tta).key, {}) for tta in (False, True)], steps)
    for kind in PLAN.fusions:
        records = [results.get(Step(data, kind, tta=tta).key, {}) for tta in (False, True)]
        yield _row(NAMES[kind], records, ['', ''])
    yield ''


def _row(name: str, records: list[dict], more: list[str]) -> str:
    cells = [text for record in records for text in (_figure(record.get('search', {})), _figure(record), _gain(record))]
    return f'| {" | ".join([name, *cells, *more])} |'


def _figure(record: dict) -> str:
    if 'interval' not in record:
        return ''
    return '{:.4f} [{:.4f}, {:.4f}]'.format(record['mAP50'], *record['interval'])


def _gain(record: dict) -> str:
    if 'gain' not in record:
        return ''
    return '{:+.4f} [{:+.4f}, {:+.4f}]'.format(record['gain'], *record['gain_interval'])


def _verdict(data: str, results: dict[str, dict]) -> Iterator[str]:
    """Say of each searched fusion whether it reached the target."""
    for tta in (False, True):
        record = results.get(Step(data, SEARCH, tta=tta).key, {})
        if 'gain' not in record:
            continue
        single = record['mAP50'] - record['gain']
        relative = record['gain'] / single if single else 0.0
        word = 'reached' if relative >= TARGET else 'missed'
        yield f'Searched{" with TTA" if tta else ""}: {relative:+.1%} over {record["best_single"]}, target {word}; ' + (
            'the search itself expected {:+.4f} [{:+.4f}, {:+.4f}].'.format(*record['held_out_gain'])
        )
        yield ''


def _params(data: str, results: dict[str, dict]) -> Iterator[str]:
    found = [(tta, results.get(Step(data, SEARCH, tta=tta).key, {})) for tta in (False, True)]
    for tta, params in [(tta, record['params']) for tta, record in found if 'params' in record]:
        weights = ', '.join(f'{name} {weight:g}' for name, weight in params['weights'].items() if weight)
        scales = ', scores scaled by class' if params['scales_by_class'] else ''
        yield (
            f'Found{" with TTA" if tta else ""}: {params["method"]} of {weights}; IoU {params["iou_thr"]:g}, '
            f'skip {params["skip_box_thr"]:g}, {params["conf_type"]}{scales}.'
        )
        yield ''


def _seeds(results: dict[str, dict]) -> Iterator[str]:
    """Compare the seeds of the trainings on photographs, where there are several."""
    seeds = [seed for seed in (0, *MORE_SEEDS) if Step(PHOTOGRAPHS, SEARCH, seed=seed).key in results]
    if len(seeds) < 2:
        return
    yield from ('## Photographs, by seed', '', '| seed | best single | equal weights | searched |', '|---|---|---|---|')
    for seed in seeds:
        singles = [results.get(Step(PHOTOGRAPHS, PREDICT, member, seed=seed).key, {}) for member in PLAN.members]
        best = max((record for record in singles if 'mAP50' in record), key=lambda record: record['mAP50'], default={})
        records = [best, *(results.get(Step(PHOTOGRAPHS, kind, seed=seed).key, {}) for kind in PLAN.fusions)]
        yield f'| {seed} | {" | ".join(map(_figure, records))} |'
    yield ''
