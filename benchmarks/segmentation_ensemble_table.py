"""Writes benchmarks/segmentation_ensemble.md from the records of benchmarks/segmentation_ensemble.py."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.fusion_plan import EQUAL, PHOTOGRAPHS, SEARCH, SYNTHETIC, Step
from benchmarks.fusion_table import FusionTable, with_interval
from benchmarks.grid import failures, machines
from benchmarks.segmentation_ensemble_plan import (
    CRF,
    NONE,
    PLAN,
    PSEUDO,
    REFINED,
    RESCUE,
    STEPS,
    STUDENT,
    STUDENT_STEPS,
    SYNTHETIC_STEPS,
    TEACHER,
)

HEAD = f"""# Voting, CRF, rescue and pseudo labels

Written by `python benchmarks/segmentation_ensemble.py` from [segmentation_ensemble.json](segmentation_ensemble.json);
cells without a run are empty. Every segmenter is of demo size and was trained on 1,000 synthetic pictures of 192 px for
{SYNTHETIC_STEPS} steps of 8; those for photographs went on from there on TACO at 416 px, in crops of 256 px, for
{STEPS}. `searched on` is val.json, on which the searches look for members, weights by class, CRF and rescue;
`scored on` is test_answers.json, which nothing was chosen by. Figures are mIoU; brackets hold 90 % of bootstrap
resamples over pictures. `gain` compares with the single segmenter that is best on the very pictures scored on, which
nobody knows beforehand. CRF and rescue of equal votes have the usual settings; `all searched` is the searched vote with
the CRF and rescue that a search found, if any gained.

Students go on from the {TEACHER} for {STUDENT_STEPS} steps: on the labels it learned from, or on these and on what
`tools/pseudo_label.py` makes of the mean of all four on the pictures to score on, whose answers it does not see.
"""
NAMES = {
    EQUAL: 'vote, equal weights',
    SEARCH: 'vote, searched',
    CRF: 'vote, equal weights, CRF',
    RESCUE: 'vote, equal weights, CRF, rescue',
    REFINED: 'vote, CRF and rescue, all searched',
}
STUDENTS = {NONE: f'{TEACHER}, longer', PSEUDO: f'{TEACHER}, with pseudo labels'}


def write_table(results: dict[str, dict]) -> str:
    """Make the text of the file.

    Args:
        results: Records by key.

    Returns:
        Markdown.
    """
    table, parts = FusionTable(PLAN, results, 'mIoU', NAMES), [HEAD]
    for data in (PHOTOGRAPHS, SYNTHETIC):
        students = [table.row(name, [table.record(Step(data, STUDENT, key)), {}]) for key, name in STUDENTS.items()]
        parts += [*table.scores(data, students), *_found(data, results)]
    return '\n'.join([*parts, *table.seeds(), *failures(results), *machines(results)]).rstrip() + '\n'


def _found(data: str, results: dict[str, dict]) -> Iterator[str]:
    """Say what the searches found and what they expected."""
    for tta in (False, True):
        for kind in (SEARCH, REFINED):
            record = results.get(Step(data, kind, tta=tta).key, {})
            if 'params' in record:
                yield f'{NAMES[kind]}{" with TTA" if tta else ""}: {_settings(record)}'
                yield ''


def _settings(record: dict) -> str:
    params = record['params']
    weights = ', '.join(f'{name} {weight:g}' for name, weight in params['weights'].items() if weight)
    parts = [f'{params["method"]} vote of {weights}{", weighted by class" if params["by_class"] else ""}']
    for name in ('crf', 'rescue'):
        settings = params[name] or {}
        parts += [f'{name} {" ".join(f"{key}={value:g}" for key, value in settings.items())}'] if settings else []
    expected = [f'{with_interval(record["held_out_gain"])} of the vote']
    if 'held_out_gain_of_steps' in record:
        expected.append(f'{with_interval(record["held_out_gain_of_steps"])} of what follows it')
    return f'{"; ".join(parts)}; the search itself expected {" and ".join(expected)}.'
