"""What to warn of before anybody trains on pseudo labels."""

from collections.abc import Mapping
from typing import Any

FAR_BELOW = 0.1
"""So much below the target an expected precision is no chance any more."""
FEW_FOUND = 0.5
"""Where fewer objects than this get a right label, those without one teach more wrong than the others right:
benchmarks/pseudo_labels.md measured that at 0.4."""
FEWEST = {'boxes': 5, 'pixels': 1000}
"""A class that is judged by fewer is not warned of."""


def doubts(report: Mapping[str, Any]) -> list[str]:
    """Say where most labels are likely to be wrong or missing, and what to do; empty for nothing.

    Fixed thresholds aim at nothing: of them half the labels are asked to be right.

    Args:
        report: From :func:`~custom_modules.pseudo_label.make_report`, or ``make_pixel_report``, whose ``unit`` is
            ``'pixels'``.
    """
    return _wrong(report) or _missing(report) if report['labels'] else []


def _missing(report: Mapping[str, Any]) -> list[str]:
    found = report.get('expected_recall')
    # Of segmenters what is left out is ignored for the most part, and harmless.
    if found is None or found >= FEW_FOUND or _unit(report) == 'pixels':
        return []
    return [
        f'only {found:.0%} of the objects are likely to get a right label, the others count as background or not at '
        f'all: so few lowered the score in benchmarks/pseudo_labels.md; train the detector further first, compare both '
        f'students on real labels'
    ]


def _wrong(report: Mapping[str, Any]) -> list[str]:
    settings, unit = report['settings'], _unit(report)
    total = report[f'expected_from_{unit}']
    if 'target_precision' in settings:
        wanted, goal = settings['target_precision'] - FAR_BELOW, f'the target of {settings["target_precision"]:g}'
        remedy = 'train longer, or raise --target-precision or --confidence'
    else:
        wanted, goal = 0.5, 'one half'
        remedy = 'raise --score-thr, or leave it out for thresholds with a target'
    if (real := report.get('real_precision')) is not None and real < wanted:
        return [f'of these labels only {real:.0%} are right by --answers, far below {goal}: {remedy}']
    if not report['has_answers']:
        return []
    if not total:
        return [
            f'no {"box" if unit == "boxes" else "object"} on the pictures with answers would be a label: nothing tells '
            f'how many labels are right; {remedy}'
        ]
    precision = report['expected_precision']
    if precision < wanted:
        return [f'of these labels only {precision:.0%} are likely to be right, far below {goal}: {remedy}']
    bad = [
        f'{row["class"]} {row["expected_precision"]:.2f} of {row[f"expected_from_{unit}"]}'
        for row in report['classes']
        if row['labels'] and row[f'expected_from_{unit}'] >= FEWEST[unit] and row['expected_precision'] < wanted / 2
    ]
    return [f'labels of some classes are likely to be wrong ({", ".join(bad)}): {remedy}'] if bad else []


def _unit(report: Mapping[str, Any]) -> str:
    return report.get('unit', 'boxes')
