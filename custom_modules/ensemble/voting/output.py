"""Writing what was voted: probabilities, label pictures or a competition csv, under its name only when complete."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from custom_modules.datasets.palette import Colour
from custom_modules.ensemble.probs import SUFFIX
from custom_modules.ensemble.probs_writing import ProbsWriter
from custom_modules.utils import atomic_folder

from .outcomes import Outcome

SUBMITTED = 256  # pixels, height and width of the labels of a competition csv
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
        from custom_modules.submission.segmentation_csv import write_segmentation_csv

        write_segmentation_csv(out, ((one.picture.file_name, shrink(one.labels)) for one in outcomes))
    else:
        _write_pictures(out, outcomes, classes, palette)


def shrink(labels: np.ndarray) -> np.ndarray:
    """Resize labels to those of a competition csv, by the nearest as OpenCV's ``INTER_NEAREST``: (256, 256) uint8."""
    return cv2.resize(labels, (SUBMITTED, SUBMITTED), interpolation=cv2.INTER_NEAREST)


def _write_pictures(out: Path, outcomes: Iterable[Outcome], classes: Sequence[str], palette: Sequence[Colour]) -> None:
    """Write a PNG of one byte a pixel for each picture, with its folders and name."""
    colours = [channel for colour in palette for channel in colour]
    with atomic_folder(out) as folder:
        for outcome in outcomes:
            path = folder / Path(outcome.picture.file_name.lstrip('/')).with_suffix('.png')
            path.parent.mkdir(parents=True, exist_ok=True)
            image = Image.fromarray(outcome.labels)
            image.putpalette(colours)
            image.save(path, 'PNG', bits=8)  # fewer for few classes otherwise, which not every program reads
        (folder / CONTENTS).write_text(json.dumps({'classes': list(classes)}), encoding='utf-8')
