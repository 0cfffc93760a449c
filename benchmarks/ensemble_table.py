"""Writes benchmarks/ensemble.md from the records of benchmarks/ensemble.py."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.ensemble_plan import PLAN
from benchmarks.fusion_plan import EQUAL, PHOTOGRAPHS, SEARCH, SYNTHETIC, Step
from benchmarks.fusion_table import FusionTable, with_interval
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
NAMES = {EQUAL: 'all, equal weights', SEARCH: 'all, searched'}


def write_table(results: dict[str, dict]) -> str:
    """Make the text of the file.

    Args:
        results: Records by key.

    Returns:
        Markdown.
    """
    table, parts = FusionTable(PLAN, results, 'mAP50', NAMES), [HEAD]
    for data in (PHOTOGRAPHS, SYNTHETIC):
        parts += [*table.scores(data), *_verdict(data, results), *_params(data, results)]
    return '\n'.join([*parts, *table.seeds(), *failures(results), *machines(results)]).rstrip() + '\n'


def _verdict(data: str, results: dict[str, dict]) -> Iterator[str]:
    """Say of each searched fusion whether it reached the target."""
    for tta in (False, True):
        record = results.get(Step(data, SEARCH, tta=tta).key, {})
        if 'gain' not in record:
            continue
        single = record['mAP50'] - record['gain']
        relative = record['gain'] / single if single else 0.0
        word = 'reached' if relative >= TARGET else 'missed'
        yield (
            f'Searched{" with TTA" if tta else ""}: {relative:+.1%} over {record["best_single"]}, target {word}; '
            f'the search itself expected {with_interval(record["held_out_gain"])}.'
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
