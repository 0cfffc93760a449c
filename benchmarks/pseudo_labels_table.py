"""Writes benchmarks/pseudo_labels.md from the records of benchmarks/pseudo_labels.py."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from statistics import mean

from benchmarks.grid import failures, machines
from benchmarks.pseudo_labels_cells import (
    AGREEMENT,
    ALL_LABELS,
    BAND,
    CALIBRATED,
    DATA,
    FIXED,
    HALF,
    HALF_LONG,
    NONE,
    NONE_LONG,
    PHOTOGRAPHS,
    SECOND,
    SEEDS,
    SYNTHETIC,
    TEACHER,
    WIDE,
    Cell,
)

HEAD = """# Pseudo labels

Written by `python benchmarks/pseudo_labels.py` from [pseudo_labels.json](pseudo_labels.json); cells without a run are
empty. A quarter of the training pictures keeps its labels (another one with each seed). The teacher, the demo's Cascade
Mask R-CNN, learns from them for 500 steps of 8 pictures; every student goes on from its teacher for 250 steps: on the
same labels (`none`), or on these and what `tools/pseudo_label.py` makes of the other pictures. Students start from the
teacher and not from scratch because at this length they would learn again what the teacher knows, and not what the
other pictures add. Thresholds are calibrated on val.json for the tool's own target, a precision of 0.7; nothing was
tuned. `every second picture with real labels` is the sampler `half_real` of configs/_base_/sampling.py. Scores are
those on test_answers.json, which nothing was chosen by.

- synthetic: 1,000 training pictures of 192 px (250 with labels), 150 to calibrate on, 200 to score on; teachers from
  scratch.
- photographs: TACO at 416 px in the ten trash classes, 600 training pictures (150 with labels), 133 to calibrate on,
  133 to score on; teachers start from one synthetic checkpoint.

Several seeds are a mean with the largest distance from it; `difference` is taken within each seed, from `none`. `right`
is the share of labels that are right and `found` that of the objects that have a label, by labels nothing was made
from. `all true labels`, with one seed, is as much as labels could bring; the longer trainings, with one seed, compare
with each other. Seconds include making labels and predictions,
and what other work on the machine cost.

What it says: with a teacher this weak, pseudo labels lose to training on with the few real ones, however their
thresholds are found. The teacher gives a label to two objects of five; the others become background, and even the
true labels of all pictures would bring little in so few steps. Among the thresholds the differences are within noise,
so that calibrating costs nothing, and gains nothing here but the knowledge of how many labels are right. Real labels
in every second picture take back most of the loss (with the weakest of three teachers they gain), a wider band of
ignore regions nothing more, and a longer training loses more, not less. `tools/pseudo_label.py` therefore warns where
few objects would get a right label.
"""
NAMES = {
    TEACHER: 'teacher',
    SECOND: 'second teacher (HTC)',
    NONE: 'none: real labels only',
    **{name: f'fixed threshold {name.partition("_")[2]}' for name in FIXED},
    CALIBRATED: 'calibrated',
    BAND: 'calibrated, ignore band',
    HALF: 'the same, every second picture with real labels',
    WIDE: 'the same, ignore band from an expected precision of 0.05 on',
    AGREEMENT: 'two models in agreement, ignore band',
    ALL_LABELS: 'all true labels',
    NONE_LONG: 'none, four times as long',
    HALF_LONG: 'every second picture with real labels, four times as long',
}
TITLES = {SYNTHETIC: 'Synthetic pictures', PHOTOGRAPHS: 'Photographs'}
_NOT_COMPARED = (TEACHER, SECOND, NONE, NONE_LONG)
_MEANS = ('labels', 'real_precision', 'real_recall', 'ignore_regions', 'steps', 'seconds')
COLUMNS = ('', 'mAP50', 'difference', 'mAP', 'labels', 'right', 'found', 'ignore regions', 'steps', 'seconds')


def write_table(results: dict[str, dict]) -> str:
    """Make the text of the file.

    Args:
        results: Records by key.

    Returns:
        Markdown.
    """
    parts = [HEAD]
    for data in DATA:
        parts += [*_scores(data, results), *_targets(data, results)]
    return '\n'.join([*parts, *failures(results), *machines(results)]).rstrip() + '\n'


def _scores(data: str, results: dict[str, dict]) -> Iterator[str]:
    yield from (f'## {TITLES[data]}', '', f'| {" | ".join(COLUMNS)} |', '|' + '---|' * len(COLUMNS))
    for name, title in NAMES.items():
        cells = [
            spread(values(data, name, 'mAP50', results).values()),
            _difference(data, name, results),
            spread(values(data, name, 'mAP', results).values()),
            *(_mean(data, name, key, results) for key in _MEANS),
        ]
        yield f'| {" | ".join([title, *cells])} |'
    yield ''


def _difference(data: str, name: str, results: dict[str, dict]) -> str:
    if name in _NOT_COMPARED:
        return ''
    baseline = NONE_LONG if name == HALF_LONG else NONE
    return spread(differences(data, name, baseline, results).values(), signed=True)


def values(data: str, name: str, key: str, results: dict[str, dict]) -> dict[int, float]:
    """Give one figure of a cell by seed, where it has been measured."""
    records = {seed: results.get(Cell(data, name, seed).key, {}) for seed in SEEDS}
    return {seed: record[key] for seed, record in records.items() if record.get(key) is not None}


def differences(data: str, name: str, other: str, results: dict[str, dict]) -> dict[int, float]:
    """Give a cell's mAP50 less another's, by seed."""
    mine, theirs = (values(data, one, 'mAP50', results) for one in (name, other))
    return {seed: mine[seed] - theirs[seed] for seed in mine if seed in theirs}


def spread(figures: Iterable[float], *, signed: bool = False) -> str:
    """Write a mean and the largest distance from it; empty without figures."""
    figures = list(figures)
    if not figures:
        return ''
    middle = mean(figures)
    text = f'{middle:+.4f}' if signed else f'{middle:.4f}'
    farthest = max(abs(figure - middle) for figure in figures)
    return text if len(figures) == 1 else f'{text} ± {farthest:.4f} ({len(figures)} seeds)'


def _mean(data: str, name: str, key: str, results: dict[str, dict]) -> str:
    figures = list(values(data, name, key, results).values())
    if not figures:
        return ''
    return f'{mean(figures):.2f}' if key.startswith('real') else f'{mean(figures):.0f}'


def _targets(data: str, results: dict[str, dict]) -> Iterator[str]:
    """Say of both kinds of calibrated labels whether they reached the two targets."""
    yield 'Targets: calibrated labels bring more than none, and at least as much as the best fixed threshold.'
    yield ''
    for name in (CALIBRATED, BAND, HALF):
        yield f'- {NAMES[name]}, against none: {_verdict(differences(data, name, NONE, results), at_least=False)}'
        best = best_fixed(data, results)
        if best is None:
            yield f'- {NAMES[name]}, against the best fixed threshold: open'
        else:
            found = _verdict(differences(data, name, best, results), at_least=True)
            yield f'- {NAMES[name]}, against the best fixed threshold ({best.partition("_")[2]}): {found}'
    yield ''


def best_fixed(data: str, results: dict[str, dict]) -> str | None:
    """Name the fixed threshold with the highest mean, once all have the same seeds."""
    found = {name: values(data, name, 'mAP50', results) for name in FIXED}
    seeds = {tuple(of_seed) for of_seed in found.values()}
    if len(seeds) > 1 or () in seeds:
        return None
    return max(found, key=lambda name: mean(found[name].values()))


def _verdict(found: dict[int, float], *, at_least: bool) -> str:
    if not found:
        return 'open'
    middle, ahead = mean(found.values()), sum(value > 0 for value in found.values())
    word = 'reached' if middle > 0 or (at_least and middle == 0) else 'missed'
    more = '' if len(found) == len(SEEDS) else ', seeds to come'
    return f'{word}, {spread(found.values(), signed=True)}, ahead with {ahead} of {len(found)}{more}'
