"""Writing what was voted: probabilities, label pictures or a competition csv, under its name only when complete."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from custom_modules.datasets.label_pictures import write_labels
from custom_modules.datasets.palette import Colour
from custom_modules.ensemble.probs import SUFFIX
from custom_modules.ensemble.probs_writing import ProbsWriter
from custom_modules.utils import atomic_folder

from .outcomes import Outcome

CONTENTS = 'labels.json'
"""Beside label pictures: what their values mean."""


def write_outcomes(
    out: Path, outcomes: Iterable[Outcome], classes: Sequence[str], palette: Sequence[Colour], dtype: str | None
) -> None:
    """Write outcomes as they come.

    Args:
        out: A ``*.probs`` folder, a csv, or any other folder for label pictures.
        outcomes: With stored probabilities for the first.
        classes: Names by label.
        palette: Their colours, RGB, for label pictures.
        dtype: Of the stored probabilities.
    """
    if out.suffix == SUFFIX:
        with ProbsWriter(out, classes, dtype) as writer:
            for outcome in outcomes:
                writer.add_raw(outcome.picture.id, outcome.picture.file_name, outcome.stored)
    elif out.suffix == '.csv':
        from custom_modules.submission import shrink_labels, write_segmentation_csv

        rows = ((one.picture.file_name, shrink_labels(one.labels)) for one in outcomes)
        write_segmentation_csv(out, rows, classes=classes)
    else:
        _write_pictures(out, outcomes, classes, palette)


def _write_pictures(out: Path, outcomes: Iterable[Outcome], classes: Sequence[str], palette: Sequence[Colour]) -> None:
    """Write a PNG of one byte a pixel for each picture, with its folders and name."""
    with atomic_folder(out) as folder:
        for outcome in outcomes:
            path = folder / Path(outcome.picture.file_name.lstrip('/')).with_suffix('.png')
            write_labels(path, outcome.labels, palette)
        (folder / CONTENTS).write_text(json.dumps({'classes': list(classes)}), encoding='utf-8')
