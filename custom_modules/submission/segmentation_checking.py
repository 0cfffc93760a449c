"""Checking a submission of segmentation as its graders would: everything that is wrong with it."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from custom_modules.datasets.coco_data import CocoData
from custom_modules.datasets.label_maps import coco_classes

from . import repairs as kinds
from .checking import REFUSED_BY_GRADERS
from .detection_table import normal_name
from .repairs import Repairs
from .segmentation_rows import BadRowError, parse_labels, read_rows


@dataclass(frozen=True)
class SegmentationCheck:
    """What is known about a submission.

    Attributes:
        num_rows: Rows.
        shares: Share of the pixels by class name, 0 to 1; of rows that could be read.
        errors: What graders refuse or misread, a line each, with counts and the first place.
        notes: What is odd and harmless.
        can_be_mended: Whether writing it again with ``tools/submit.py`` puts all errors right.
    """

    num_rows: int
    shares: dict[str, float]
    errors: tuple[str, ...]
    notes: tuple[str, ...]
    can_be_mended: bool


def check_segmentation(path: str | Path, coco: CocoData) -> SegmentationCheck:
    """Check a competition csv of segmentation, in the memory of one row.

    Every picture of the data set has one row and no other has; each row has 256 x 256 labels of the data set.

    Args:
        path: The csv.
        coco: The data set the competition scores; annotations are not needed.

    Raises:
        UserError: The file cannot be read as a submission at all.
    """
    path, repairs, classes = Path(path), Repairs(), coco_classes(coco)
    wanted = {normal_name(image['file_name']): image['file_name'] for image in coco.images}
    seen, pixels, wrong, num_rows = {}, np.zeros(256, np.int64), _Wrong(), 0
    for row in read_rows(path, repairs):
        num_rows += 1
        place = f'line {row.line} ({row.name:.80})'
        if row.name in seen:
            wrong.add('rows of a picture that has a row already', f'{place}, the same as line {seen[row.name]}')
        elif row.name not in wanted:
            wrong.add(f'pictures that are not in {coco.path.name}', place)
        seen.setdefault(row.name, row.line)
        try:
            pixels += np.bincount(parse_labels(row.text, classes).ravel(), minlength=256)
        except BadRowError as error:
            wrong.add('rows that are no label map', f'{place}: {error}')
    for name in wanted:
        if name not in seen:
            wrong.add(f'pictures of {coco.path.name} without a row', wanted[name])
    refused = {text: repairs.counts.get(kind, 0) for kind, text in REFUSED_BY_GRADERS.items()}
    total = max(int(pixels.sum()), 1)
    return SegmentationCheck(
        num_rows=num_rows,
        shares={name: int(pixels[label]) / total for label, name in enumerate(classes)},
        errors=(*(f'{text}: {count}' for text, count in refused.items() if count), *wrong.lines()),
        notes=tuple(
            f'{kind}: {count}' if kind != kinds.OTHER_ORDER else kind
            for kind, count in repairs.counts.items()
            if kind not in REFUSED_BY_GRADERS
        ),
        can_be_mended=not wrong.lines(),
    )


class _Wrong:
    """Errors by kind: how many, and where the first is."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._first: dict[str, str] = {}

    def add(self, kind: str, place: str) -> None:
        self._counts[kind] += 1
        self._first.setdefault(kind, place)

    def lines(self) -> list[str]:
        return [f'{kind}: {count} (the first: {self._first[kind]})' for kind, count in self._counts.items()]
