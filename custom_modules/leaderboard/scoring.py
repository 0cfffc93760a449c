"""The figures of entries: those that were kept beside the predictions, or else new ones."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from custom_modules.utils import UserError

from .entries import VALIDATION, Entry
from .figures import FIGURES, SEGMENTATION


@dataclass(frozen=True)
class Scored:
    """An entry with its figures.

    Attributes:
        entry: The entry.
        main: mAP50, of a segmenter mIoU.
        second: mAP over the IoU thresholds of COCO, of a segmenter the mean of the mIoU of single pictures; None where
            it is not known.
        of_class: AP50 or IoU by class name; classes without objects are missing.
    """

    entry: Entry
    main: float
    second: float | None
    of_class: Mapping[str, float]


def score_entries(
    entries: Sequence[Entry], coco: Any, progress: Callable[[int, int], None] | None = None
) -> tuple[list[Scored], dict[str, str]]:
    """Score entries.

    Args:
        entries: On one json, of one task.
        coco: That json, with answers.
        progress: Told how many of how many are done.

    Returns:
        The scored, best first, and the reason by name for those that could not be.
    """
    scored, failed = [], {}
    for number, entry in enumerate(entries, start=1):
        try:
            scored.append(_score(entry, coco))
        except (UserError, ValueError) as error:
            failed[entry.name] = str(error)
        if progress is not None:
            progress(number, len(entries))
    return sorted(scored, key=lambda one: -one.main), failed


def _score(entry: Entry, coco: Any) -> Scored:
    if entry.kind == VALIDATION:
        return _of_training(entry)
    kept = entry.file.with_suffix('.metrics.json')
    if kept.is_file() and kept.stat().st_mtime >= max(entry.file.stat().st_mtime, entry.ann.stat().st_mtime):
        try:
            return _scored(entry, json.loads(kept.read_text(encoding='utf-8'))['details'][0])
        except (ValueError, KeyError, IndexError, TypeError):
            pass  # of another version: scored anew
    if entry.task == SEGMENTATION:
        raise UserError('its figures are missing or older than it; run tools/test.py again')
    from custom_modules.evaluation import evaluate_boxes, read_predictions, result_to_dict

    return _scored(entry, result_to_dict(evaluate_boxes(coco, read_predictions(entry.file, coco))))


def _of_training(entry: Entry) -> Scored:
    """Take the best score; the other figures are of the last validation, which may be another."""
    best = json.loads((Path(entry.run) / 'state.json').read_text(encoding='utf-8'))['best']
    last = _scored(entry, json.loads(entry.file.read_text(encoding='utf-8')))
    return last if last.main == best else Scored(entry, best, None, {})


def _scored(entry: Entry, figures: Mapping[str, Any]) -> Scored:
    names = FIGURES[entry.task]
    of_class = {one['class']: one[names.of_class] for one in figures['classes'] if one.get(names.of_class) is not None}
    return Scored(entry, figures[names.main], figures[names.second], of_class)
