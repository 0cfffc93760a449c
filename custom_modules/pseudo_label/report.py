"""What pseudo-labelling did, in numbers."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from custom_modules.datasets.coco_data import CocoData
from custom_modules.evaluation.ground_truth import coco_parts, is_ignored

from .bounds import precision_lower_bound
from .calibration import FIXED, NONE, POOLED, Calibration
from .matching import Outcome, match_predictions
from .selection import PseudoLabels

SOURCES = {POOLED: 'all classes', NONE: 'out of reach', FIXED: 'fixed'}
"""What is said of where a threshold comes from; of ``'own'`` how many say so."""


def right_by_class(coco: Any, labels: PseudoLabels) -> tuple[np.ndarray, np.ndarray]:
    """Compare labels with answers.

    Args:
        coco: Data set with the answers, ``CocoData`` or a COCO dict.
        labels: Labels for its pictures.

    Returns:
        (K,) labels and (K,) right ones among them by class, those in ignore regions aside.
    """
    cat_ids = [category['id'] for category in coco_parts(coco)[2]]
    outcomes = match_predictions(coco, labels.sure)
    judged = outcomes != Outcome.IGNORED
    of_class = np.searchsorted(cat_ids, labels.sure.category_ids)
    right = outcomes == Outcome.RIGHT
    return np.bincount(of_class[judged], minlength=len(cat_ids)), np.bincount(of_class[right], minlength=len(cat_ids))


def make_report(
    real: CocoData,
    unlabelled: CocoData,
    labels: PseudoLabels,
    calibration: Calibration,
    *,
    checked: tuple[np.ndarray, np.ndarray] | None = None,
    missed: Mapping[str, int] | None = None,
    answers: CocoData | None = None,
    skipped: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """Put everything worth knowing together, as json values.

    Args:
        real: The real annotations.
        unlabelled: The pictures that could be labelled.
        labels: Labels and ignore regions for them.
        calibration: The thresholds.
        checked: What the same rules give on the pictures with answers that the thresholds come from: labels and right
            ones by class (see :func:`right_by_class`).
        missed: Objects there that the rules leave out (see :func:`missed_objects`).
        answers: The truth about the unlabelled pictures, where it is known.
        skipped: Further pictures that were left out, by reason.

    Returns:
        ``settings``, ``pictures``, ``labels``, ``left_out``, ``classes``, one dict a class, and more.
        ``expected_precision`` is the share of right labels by ``checked``, ``expected_lower_bound`` its lower bound;
        ``expected_recall`` the share of objects on those pictures that get a right label; ``real_precision``,
        ``real_recall`` by ``answers``; None for what is unknown.
    """
    true = None if answers is None else (*right_by_class(answers, labels), count_objects(answers))
    rows = [_class_row(label, one, real, labels, checked, true) for label, one in enumerate(calibration.classes)]
    sure, regions = labels.sure, labels.predictions.select(labels.is_region)
    labelled, with_regions = (set(part.image_ids.tolist()) for part in (sure, regions))
    pictures = {
        'unlabelled': len(unlabelled.images) + sum((skipped or {}).values()),
        'labelled': len(labelled),
        'only_ignore_regions': len(with_regions - labelled),
        'left_out': dict(skipped or {}),
    }
    pictures['none'] = pictures['unlabelled'] - sum(pictures['left_out'].values()) - len(labelled | with_regions)
    return {
        'settings': calibration.settings,
        'pictures': pictures,
        'labels': len(sure),
        'ignore_regions': len(regions),
        'left_out': labels.left_out,
        'has_answers': checked is not None,
        'missed_on_answered': dict(missed) if missed else None,
        **_expected(checked, calibration.settings['confidence']),
        'expected_recall': _expected_recall(checked, missed),
        **_true(true),
        'classes': rows,
    }


def _class_row(
    label: int, one: Any, real: CocoData, labels: PseudoLabels, checked: tuple | None, true: tuple | None
) -> dict[str, Any]:
    of_class = labels.predictions.category_ids == real.cat_ids[label]
    row = {
        'class': one.name,
        'real': int(count_objects(real)[label]),
        'labels': int((of_class & ~labels.is_region).sum()),
        'ignore_regions': int((of_class & labels.is_region).sum()),
        'sure_from': one.sure_from,
        'ignore_from': one.ignore_from,
        'threshold_by': one.source,
        'calibration_boxes': one.boxes,
        'calibration_right': one.right,
        'lower_bound': one.lower_bound,
    }
    total, right = (int(counts[label]) for counts in checked) if checked else (0, 0)
    row['expected_precision'] = right / total if total else None
    row['expected_from_boxes'] = total
    if true is not None:
        total, right, objects = (int(counts[label]) for counts in true)
        row['real_precision'] = right / total if total else None
        row['real_recall'] = right / objects if objects else None
    return row


def _expected_recall(checked: tuple | None, missed: Mapping[str, int] | None) -> float | None:
    if checked is None or not missed or not missed['objects']:
        return None
    return int(checked[1].sum()) / missed['objects']


def _expected(checked: tuple | None, confidence: float) -> dict[str, Any]:
    total, right = (0, 0) if checked is None else (int(counts.sum()) for counts in checked)
    bound = float(precision_lower_bound(right, total, confidence)) if total else None
    return {
        'expected_precision': right / total if total else None,
        'expected_from_boxes': total,
        'expected_lower_bound': bound,
    }


def _true(true: tuple | None) -> dict[str, Any]:
    if true is None:
        return {}
    total, right, objects = (int(counts.sum()) for counts in true)
    return {
        'real_precision': right / total if total else None,
        'real_recall': right / objects if objects else None,
    }


def count_objects(coco: CocoData) -> np.ndarray:
    """Count the objects by class, ignore regions aside."""
    labels = [coco.label_of[one['category_id']] for one in coco.annotations if not is_ignored(one)]
    return np.bincount(np.array(labels, dtype=np.int64), minlength=len(coco.classes))


def format_report(report: dict[str, Any]) -> str:
    """Render a report as a table and a few lines, for a terminal."""
    has_answers = 'real_precision' in report
    columns = ['class', 'real', 'pseudo', 'ignored', 'sure from', 'ignore from', 'threshold by', 'expected']
    rows = [columns + ['true', 'recall'] * has_answers]
    for row in report['classes']:
        by = SOURCES.get(row['threshold_by'], f'own {row["calibration_boxes"]} boxes')
        cells = [row['class'], *(str(row[key]) for key in ('real', 'labels', 'ignore_regions'))]
        cells += [number_text(row['sure_from']), number_text(row['ignore_from']), by, _expectation(row)]
        rows.append(cells + [number_text(row[key]) for key in ('real_precision', 'real_recall') if has_answers])
    total = ['all', str(sum(row['real'] for row in report['classes'])), str(report['labels'])]
    total += [str(report['ignore_regions']), '', '', '', _expectation(report)]
    total += [number_text(report[key]) for key in ('real_precision', 'real_recall') if has_answers]
    return '\n'.join(table_lines([*rows, total]) + _notes(report))


def _notes(report: dict[str, Any]) -> list[str]:
    pictures, notes = report['pictures'], []
    notes.append(
        f'{pictures["labelled"]} of {pictures["unlabelled"]} pictures got labels, '
        f'{pictures["only_ignore_regions"]} ignore regions only, {pictures["none"]} nothing'
    )
    notes += [f'{count} pictures left out: {reason}' for reason, count in pictures['left_out'].items() if count]
    if report['left_out']:
        reasons = ', '.join(f'{count} {reason}' for reason, count in report['left_out'].items())
        notes.append(f'boxes that did not become labels, or not even ignore regions: {reasons}')
    missed = report['missed_on_answered']
    if missed and missed['missed']:
        large = f', {missed["missed_large"]} of {missed["large"]} large ones,' if missed['large'] else ''
        notes.append(
            f'{missed["missed"]} of {missed["objects"]} objects in the pictures with answers{large} get neither label '
            f'nor ignore region; such objects become background'
        )
    target = report['settings'].get('target_precision')
    by = {source: [row['class'] for row in report['classes'] if row['threshold_by'] == source] for source in SOURCES}
    if by[POOLED]:
        notes.append(f'too few boxes of their own, judged with all classes: {", ".join(by[POOLED])}')
    if len(by[NONE]) == len(report['classes']):
        notes.append(
            f'no labels: nowhere is a precision of {target:g} sure enough; train longer, or lower --target-precision'
        )
    elif by[NONE]:
        notes.append(f'a precision of {target:g} is out of reach, no labels: {", ".join(by[NONE])}')
    return notes


def table_lines(rows: list[list[str]]) -> list[str]:
    """Lay a table out whose first row is its head and whose last one is a total."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        lines.append('  '.join(cells).rstrip())
    rule = '-' * max(map(len, lines))
    return [lines[0], rule, *lines[1:-1], rule, lines[-1]]


def _expectation(row: dict[str, Any]) -> str:
    total = row['expected_from_boxes']
    return f'{row["expected_precision"]:.2f} of {total}' if total else '-'


def number_text(value: float | None) -> str:
    """Write a share with two digits, ``-`` where there is none."""
    return '-' if value is None else f'{value:.2f}'
