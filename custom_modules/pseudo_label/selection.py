"""From detections and thresholds to labels and ignore regions."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from custom_modules.evaluation.predictions import Predictions

from .calibration import Calibration
from .overlaps import DOUBT, DROP, first_of_object, settle_classes, settle_regions

MIN_SIDE = 1.0  # px; training leaves out what is smaller


@dataclass(frozen=True, eq=False)
class PseudoLabels:
    """What is taken over from detections.

    Attributes:
        predictions: N rows, by picture and then from the likeliest down.
        is_region: (N,) bool, ignore regions; the others are labels.
        precision: (N,) chance that each is right.
        left_out: Boxes above a threshold that were left out or became ignore regions, counted by reason.
    """

    predictions: Predictions
    is_region: np.ndarray
    precision: np.ndarray
    left_out: dict[str, int]

    @property
    def sure(self) -> Predictions:
        """The labels alone."""
        return self.predictions.select(~self.is_region)


def select_labels(
    predictions: Predictions,
    calibration: Calibration,
    cat_ids: Sequence[int],
    *,
    agreed: np.ndarray | None = None,
    max_per_image: int | None = None,
    class_limits: Sequence[int] | None = None,
) -> PseudoLabels:
    """Choose labels and ignore regions.

    Of boxes of one class around one object the best alone counts.  What a limit or a lack of agreement keeps from
    becoming a label becomes an ignore region, if there is a band: it is likely to be there, so it must not be
    background.

    Args:
        predictions: Detections on the unlabelled pictures.
        calibration: Thresholds.
        cat_ids: Category id of each label.
        agreed: (N,) bool, rows that enough models agree on; all by default.
        max_per_image: Labels per picture at most; the likeliest stay.
        class_limits: Labels at most by class; the likeliest stay.

    Returns:
        Labels and ignore regions.
    """
    labels = np.searchsorted(np.asarray(cat_ids), predictions.category_ids)
    sure_from, ignore_from = calibration.thresholds()
    has_bands = bool(np.isfinite(ignore_from).any())
    agreed = np.ones(len(labels), dtype=bool) if agreed is None else agreed
    wanted = np.minimum(sure_from, ignore_from)[labels]
    large = (predictions.boxes_xywh[:, 2:] >= MIN_SIDE).all(axis=1)
    rows = np.flatnonzero((predictions.scores >= wanted) & large & first_of_object(predictions))
    precision = calibration.precision(predictions.scores[rows], labels[rows])
    rows = rows[np.lexsort((-predictions.scores[rows], -precision, predictions.image_ids[rows]))]
    found = predictions.select(rows)
    state = _State(found, labels[rows], calibration.precision(found.scores, labels[rows]), has_bands)
    above = found.scores >= sure_from[state.labels]
    state.sure[above & agreed[rows]] = True
    state.demote(np.flatnonzero(above & ~agreed[rows]), 'without agreement')
    state.settle_classes(calibration.settings.get('target_precision', 0.5))
    if max_per_image is not None:
        state.demote(_beyond(found.image_ids, state.sure, max_per_image), 'beyond the limit per picture')
    for label, limit in enumerate(class_limits or ()):
        state.limit_class(label, limit)
    state.settle_regions(found.scores >= ignore_from[state.labels])
    return state.result()


class _State:
    """The verdict on each row, changed step by step; rows are grouped by picture."""

    def __init__(self, found: Predictions, labels: np.ndarray, precision: np.ndarray, has_bands: bool) -> None:
        self.found, self.labels, self.precision, self.has_bands = found, labels, precision, has_bands
        self.sure = np.zeros(len(labels), dtype=bool)
        self.region = np.zeros(len(labels), dtype=bool)
        self.gone = np.zeros(len(labels), dtype=bool)
        self.counts: Counter[str] = Counter()
        starts = np.flatnonzero(np.append(True, found.image_ids[1:] != found.image_ids[:-1])[: len(labels)])
        self.pictures = np.split(np.arange(len(labels)), starts[1:])

    def demote(self, rows: np.ndarray, reason: str) -> None:
        """Take rows out of the labels; where there are ignore regions they may become some."""
        self.sure[rows] = False
        (self.region if self.has_bands else self.gone)[rows] = True
        self._count(reason, len(rows))

    def settle_classes(self, needed: float) -> None:
        for picture in self.pictures:
            rows = picture[self.sure[picture]]
            if len(rows) > 1:
                verdicts = settle_classes(self.found.boxes_xywh[rows], self.precision[rows], needed)
                lost = rows[verdicts == DROP]
                self.sure[lost], self.gone[lost] = False, True
                self._count('of another class than a surer one', len(lost))
                self.demote(rows[verdicts == DOUBT], 'of doubtful class')

    def limit_class(self, label: int, limit: int) -> None:
        rows = np.flatnonzero(self.sure & (self.labels == label))
        order = np.lexsort((rows, -self.found.scores[rows]))
        self.demote(rows[order[limit:]], 'beyond the limit per class')

    def settle_regions(self, in_band: np.ndarray) -> None:
        self.region |= in_band & ~self.sure & ~self.gone
        for picture in self.pictures:
            rows = picture[self.region[picture]]
            if len(rows):
                boxes, sure = self.found.boxes_xywh[rows], self.found.boxes_xywh[picture[self.sure[picture]]]
                keep = settle_regions(boxes, self.precision[rows], sure)
                self.region[rows[~keep]] = False
                self._count('uncertain and over a surer one', int((~keep).sum()))

    def result(self) -> PseudoLabels:
        kept = np.flatnonzero(self.sure | self.region)
        return PseudoLabels(self.found.select(kept), self.region[kept], self.precision[kept], dict(self.counts))

    def _count(self, reason: str, number: int) -> None:
        if number:
            self.counts[reason] += number


def _beyond(image_ids: np.ndarray, sure: np.ndarray, limit: int) -> np.ndarray:
    """Return the sure rows that come after ``limit`` others of their picture; rows are grouped by picture."""
    rows = np.flatnonzero(sure)
    _, starts, counts = np.unique(image_ids[rows], return_index=True, return_counts=True)
    return rows[np.arange(len(rows)) - np.repeat(starts, counts) >= limit]
