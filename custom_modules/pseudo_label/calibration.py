"""Score thresholds per class, from detections whose answers are known."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from custom_modules.evaluation.ground_truth import coco_parts
from custom_modules.evaluation.predictions import Predictions

from .bounds import bound_reaches, precision_lower_bound
from .matching import Outcome, match_predictions
from .overlaps import first_of_object
from .precision_curve import PRIOR_BOXES, PrecisionCurve, precision_curves

OWN, POOLED, NONE, FIXED = 'own', 'pooled', 'none', 'fixed'


@dataclass(frozen=True)
class ClassThreshold:
    """How the boxes of one class are judged.

    Attributes:
        name: The class.
        sure_from: Boxes with at least this score become labels; None: no box does.
        ignore_from: Boxes below that with at least this score become ignore regions; None: no box does.
        source: Where ``sure_from`` comes from: ``'own'`` boxes of the class, boxes of all classes (``'pooled'``),
            the user (``'fixed'``), or ``'none'``: the target is out of reach.
        boxes: Boxes of the class with at least ``sure_from`` among those with answers.
        right: How many of them were right.
        lower_bound: Lower confidence bound of the precision that speaks for ``sure_from``: of the class, or of all
            classes together when pooled; None without answers.
    """

    name: str
    sure_from: float | None
    ignore_from: float | None
    source: str
    boxes: int = 0
    right: int = 0
    lower_bound: float | None = None


@dataclass(frozen=True, eq=False)
class Calibration:
    """Thresholds of all classes and what they rest on.

    Attributes:
        classes: By label.
        curves: Precision by score, by label; empty without answers: then the score stands for it.
        settings: What was asked for, for the report; ``confidence`` always.
    """

    classes: tuple[ClassThreshold, ...]
    curves: Sequence[PrecisionCurve] = ()
    settings: dict[str, Any] = field(default_factory=dict)

    def precision(self, scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return the expected precision of boxes, (N,) float64; their score where nothing is known."""
        expected = np.array(scores, dtype=np.float64)
        for label, curve in enumerate(self.curves):
            rows = labels == label
            expected[rows] = curve(scores[rows])
        return expected

    def thresholds(self) -> tuple[np.ndarray, np.ndarray]:
        """Return ``sure_from`` and ``ignore_from`` by label, infinite where no score is enough."""
        sure = [np.inf if one.sure_from is None else one.sure_from for one in self.classes]
        ignore = [np.inf if one.ignore_from is None else one.ignore_from for one in self.classes]
        return np.array(sure), np.array(ignore)


def calibrate(
    coco: Any,
    predictions: Predictions,
    *,
    target_precision: float = 0.7,
    confidence: float = 0.9,
    ignore_precision: float | None = 0.2,
    sure: np.ndarray | None = None,
) -> Calibration:
    """Find thresholds on pictures the model was not trained on.

    The threshold of a class is the lowest score above which the lower confidence bound of its precision (see
    :func:`precision_lower_bound`) reaches the target.  A class with too few boxes for that takes the threshold found
    for all classes together, or the lowest one above it at which its own boxes, joined with ``PRIOR_BOXES`` boxes of
    all classes, are right as often as wanted; a class that fails even so gets no labels.  Below lies the band of
    boxes that may be right: down to the score at which the chance of it (:func:`precision_curves`) is
    ``ignore_precision``.  Further boxes of a class around an object are left out first, as they are when labels are
    chosen.

    The bound is that of a threshold given beforehand; taking the lowest of many makes it a little optimistic.

    Args:
        coco: Data set with answers, ``CocoData`` or a COCO dict.
        predictions: Detections on it.
        target_precision: Share of labels that have to be right (IoU 0.5, right class), above 0 and below 1.
        confidence: How sure that is, above 0 and below 1.
        ignore_precision: Where the uncertain band ends; None for no band.
        sure: (N,) bool, rows that could become labels (agreed on by enough models); all by default.

    Returns:
        The thresholds.

    Raises:
        UserError: A prediction names an unknown image or category.
    """
    names, boxes = _judge(coco, predictions)
    usable = boxes if sure is None else boxes.select(sure[boxes.rows])
    pooled = _Sample.of(usable.scores, usable.right)
    pooled_from = pooled.lowest(bound_reaches(pooled.right, pooled.total, target_precision, confidence))
    curves = precision_curves(boxes.scores, boxes.labels, boxes.right, len(names))
    classes = []
    for label, name in enumerate(names):
        rows = usable.labels == label
        own = _Sample.of(usable.scores[rows], usable.right[rows])
        sure_from, source = _class_threshold(own, pooled, pooled_from, target_precision, confidence)
        basis = pooled if source == POOLED else own
        classes.append(
            ClassThreshold(
                name,
                sure_from,
                _band_start(curves[label], ignore_precision, sure_from),
                source,
                *own.counts(sure_from),
                lower_bound=None if sure_from is None else _bound(basis.counts(sure_from), confidence),
            )
        )
    settings = {'target_precision': target_precision, 'confidence': confidence, 'ignore_precision': ignore_precision}
    return Calibration(tuple(classes), curves, settings)


def fixed_thresholds(
    classes: Sequence[str],
    score_thr: float,
    *,
    ignore_thr: float | None = None,
    coco: Any = None,
    predictions: Predictions | None = None,
    confidence: float = 0.9,
) -> Calibration:
    """Take the same thresholds for all classes.

    Args:
        classes: Names by label.
        score_thr: Boxes from here on become labels.
        ignore_thr: Boxes from here on become ignore regions; None for no band.
        coco: Data set with answers, to tell the expected precision by; optional.
        predictions: Detections on it.
        confidence: Of the lower bounds.

    Returns:
        The thresholds; with ``predictions`` also their precision.
    """
    settings = {'score_thr': score_thr, 'ignore_thr': ignore_thr, 'confidence': confidence}
    if predictions is None:
        fixed = [ClassThreshold(name, score_thr, ignore_thr, FIXED) for name in classes]
        return Calibration(tuple(fixed), (), settings)
    names, boxes = _judge(coco, predictions)
    judged = []
    for label, name in enumerate(names):
        rows = boxes.labels == label
        counts = _Sample.of(boxes.scores[rows], boxes.right[rows]).counts(score_thr)
        judged.append(ClassThreshold(name, score_thr, ignore_thr, FIXED, *counts, _bound(counts, confidence)))
    curves = precision_curves(boxes.scores, boxes.labels, boxes.right, len(names))
    return Calibration(tuple(judged), curves, settings)


@dataclass(frozen=True, eq=False)
class _Boxes:
    """Detections that are right or wrong, as columns; ``rows`` are their places among all detections."""

    rows: np.ndarray
    scores: np.ndarray
    labels: np.ndarray
    right: np.ndarray

    def select(self, keep: np.ndarray) -> '_Boxes':
        return _Boxes(self.rows[keep], self.scores[keep], self.labels[keep], self.right[keep])


def _judge(coco: Any, predictions: Predictions) -> tuple[list[str], _Boxes]:
    categories = coco_parts(coco)[2]
    outcomes = match_predictions(coco, predictions)
    rows = np.flatnonzero((outcomes != Outcome.IGNORED) & first_of_object(predictions))
    labels = np.searchsorted([category['id'] for category in categories], predictions.category_ids[rows])
    boxes = _Boxes(rows, predictions.scores[rows], labels, outcomes[rows] == Outcome.RIGHT)
    return [str(category['name']) for category in categories], boxes


@dataclass(frozen=True, eq=False)
class _Sample:
    """Boxes from each score on: distinct scores descending, boxes with at least that score, right ones among them."""

    scores: np.ndarray
    total: np.ndarray
    right: np.ndarray

    @classmethod
    def of(cls, scores: np.ndarray, right: np.ndarray) -> '_Sample':
        order = np.argsort(-scores, kind='stable')
        ordered = scores[order]
        last = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True)[: len(ordered)])
        return cls(ordered[last], last + 1, np.cumsum(right[order])[last])

    def lowest(self, reached: np.ndarray) -> float | None:
        places = np.flatnonzero(reached)
        return float(self.scores[places[-1]]) if places.size else None

    def counts(self, score: float | None) -> tuple[int, int]:
        """Return boxes and right boxes from a score on."""
        place = 0 if score is None else np.searchsorted(-self.scores, -score, side='right')
        return (int(self.total[place - 1]), int(self.right[place - 1])) if place else (0, 0)

    def counts_at(self, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return boxes and right boxes from each of several scores on."""
        places = np.searchsorted(-self.scores, -scores, side='right')
        return np.append(0, self.total)[places], np.append(0, self.right)[places]


def _class_threshold(
    own: _Sample, pooled: _Sample, pooled_from: float | None, target: float, confidence: float
) -> tuple[float | None, str]:
    found = own.lowest(bound_reaches(own.right, own.total, target, confidence))
    if found is not None:
        return found, OWN
    if pooled_from is None:
        return None, NONE
    candidates = pooled.scores[pooled.scores >= pooled_from]
    total, right = own.counts_at(candidates)
    all_total, all_right = pooled.counts_at(candidates)
    shrunk = (right + PRIOR_BOXES * all_right / all_total) / (total + PRIOR_BOXES)
    fitting = np.flatnonzero(shrunk >= target)
    return (float(candidates[fitting[-1]]), POOLED) if fitting.size else (None, NONE)


def _band_start(curve: PrecisionCurve, precision: float | None, sure_from: float | None) -> float | None:
    start = None if precision is None else curve.lowest_score(precision)
    return None if start is None or (sure_from is not None and start >= sure_from) else start


def _bound(counts: tuple[int, int], confidence: float) -> float:
    total, right = counts
    return float(precision_lower_bound(right, total, confidence))
