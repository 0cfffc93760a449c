"""What pseudo-labelling of pixels did, in numbers."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from custom_modules.datasets.coco_data import CocoData

from .calibration import NONE, POOLED
from .pixel_labelling import LabelledPixels, PixelTally
from .report import SOURCES, count_objects, number_text, table_lines


def make_pixel_report(
    real: CocoData,
    unlabelled: CocoData,
    labelled: LabelledPixels,
    *,
    min_area: int,
    skipped: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """Put everything worth knowing together, as json values.

    Args:
        real: The real annotations.
        unlabelled: The pictures that could be labelled.
        labelled: Their labels.
        min_area: Pixels of the smallest region.
        skipped: Further pictures that were left out, by reason.

    Returns:
        ``settings``, ``pictures``, ``labels`` (regions), ``classes``, one dict a class from the Background on, and
        more.  ``expected_precision`` is the share of right pixels among those labelled as objects by the same rules on
        the pictures with answers, ``expected_recall`` the share of true pixels of objects that get the right label
        there, ``expected_lost`` the share that becomes Background; ``real_...`` the same on the labelled pictures.
    """
    names = [one.name for one in labelled.calibration.classes]
    regions = _regions(real, labelled, len(names))
    rows = [_class_row(label, real, labelled, regions) for label in range(len(names))]
    with_labels = sum(any(not one['iscrowd'] for one in records) for records in labelled.records.values())
    pictures = {
        'unlabelled': len(unlabelled.images) + sum((skipped or {}).values()),
        'labelled': with_labels,
        'left_out': dict(skipped or {}),
        'none': len(unlabelled.images) - with_labels,
    }
    return {
        'unit': 'pixels',
        'settings': {**labelled.calibration.settings, 'min_area': min_area},
        'pictures': pictures,
        'labels': int(regions.sum()),
        'kept': _share(labelled.pixels.sum(), labelled.likeliest.sum()),
        'has_answers': labelled.checked is not None,
        **_totals('expected', labelled.checked, labelled.calibration.settings['confidence']),
        **({} if labelled.true is None else _totals('real', labelled.true)),
        'classes': rows,
    }


def _regions(real: CocoData, labelled: LabelledPixels, num_classes: int) -> np.ndarray:
    labels = [
        real.label_of[one['category_id']] + 1
        for records in labelled.records.values()
        for one in records
        if not one['iscrowd']
    ]
    return np.bincount(np.array(labels, np.int64), minlength=num_classes)


def _class_row(label: int, real: CocoData, labelled: LabelledPixels, regions: np.ndarray) -> dict[str, Any]:
    one = labelled.calibration.classes[label]
    row = {
        'class': one.name,
        'real': int(count_objects(real)[label - 1]) if label else None,
        'labels': int(regions[label]),
        'pixels': int(labelled.pixels[label]),
        'kept': _share(labelled.pixels[label], labelled.likeliest[label]),
        'sure_from': one.sure_from,
        'threshold_by': one.source,
        'calibration_pictures': one.pictures,
        'calibration_pixels': one.pixels,
        'calibration_right': one.right,
        'lower_bound': one.lower_bound,
    }
    for name, tally in (('expected', labelled.checked), ('real', labelled.true)):
        if tally is not None or name == 'expected':
            total, right, truth = (0, 0, 0) if tally is None else _counts(tally, label)
            row |= {f'{name}_precision': _share(right, total), f'{name}_recall': _share(right, truth)}
            row[f'{name}_from_pixels'] = total
    return row


def _counts(tally: PixelTally, label: int) -> tuple[int, int, int]:
    return int(tally.sums.total[label]), int(tally.sums.right[label]), int(tally.truth[label])


def _totals(name: str, tally: PixelTally | None, confidence: float | None = None) -> dict[str, Any]:
    if tally is None:
        return {f'{name}_{what}': None for what in ('precision', 'recall', 'lost', 'lower_bound')} | {
            f'{name}_from_pixels': 0
        }
    total, right, truth = int(tally.objects.total[0]), int(tally.objects.right[0]), int(tally.truth[1:].sum())
    found = {
        f'{name}_precision': _share(right, total),
        f'{name}_from_pixels': total,
        f'{name}_recall': _share(right, truth),
        f'{name}_lost': _share(tally.lost, truth),
    }
    if confidence is not None:
        found[f'{name}_lower_bound'] = float(tally.objects.lower_bound(confidence)[0]) if total else None
    return found


def _share(part: int, whole: int) -> float | None:
    return float(part / whole) if whole else None


def format_pixel_report(report: dict[str, Any]) -> str:
    """Render a report as a table and a few lines, for a terminal."""
    has_truth = 'real_precision' in report
    columns = ['class', 'real', 'pseudo', 'kept', 'sure from', 'threshold by', 'expected', 'recall']
    rows = [columns + ['true', 'true recall'] * has_truth]
    shown = ['expected_precision', 'expected_recall', *(['real_precision', 'real_recall'] if has_truth else [])]
    for row in report['classes']:
        by = SOURCES.get(row['threshold_by'], f'own {row["calibration_pictures"]} pictures')
        counts = [str(row[key]) if row['real'] is not None else '' for key in ('real', 'labels')]
        cells = [row['class'], *counts, number_text(row['kept']), number_text(row['sure_from']), by]
        rows.append(cells + [number_text(row[key]) for key in shown])
    objects = [row for row in report['classes'] if row['real'] is not None]
    total = ['all objects', str(sum(row['real'] for row in objects)), str(report['labels']), '', '', '']
    rows.append(total + [number_text(report[key]) for key in shown])
    return '\n'.join([*table_lines(rows), *_notes(report)])


def _notes(report: dict[str, Any]) -> list[str]:
    pictures, classes = report['pictures'], report['classes']
    kept = 0 if report['kept'] is None else report['kept']
    notes = [
        f'{pictures["labelled"]} of {pictures["unlabelled"]} pictures got labels, {pictures["none"]} none; {kept:.0%} '
        'of all pixels have a class, the others count nowhere'
    ]
    notes += [f'{count} pictures left out: {reason}' for reason, count in pictures['left_out'].items() if count]
    if report['expected_lost']:
        notes.append(
            f'{report["expected_lost"]:.0%} of the pixels of objects in the pictures with answers become Background'
        )
    by = {source: [row['class'] for row in classes if row['threshold_by'] == source] for source in (POOLED, NONE)}
    if by[POOLED]:
        notes.append(f'too few pictures of their own, judged with all classes: {", ".join(by[POOLED])}')
    if by[NONE]:
        target = report['settings']['target_precision']
        remedy = '; train longer, or lower --target-precision' if len(by[NONE]) >= len(classes) - 1 else ''
        notes.append(f'a precision of {target:g} is out of reach, no labels: {", ".join(by[NONE])}{remedy}')
    return notes
