"""Thresholds per class for pixels, from probabilities on pictures whose answers are known."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from custom_modules.datasets.label_pictures import IGNORED

from .calibration import FIXED, NONE, OWN, POOLED
from .picture_sums import PictureSums
from .pixel_labels import STEPS, likeliest_classes

PRIOR_PICTURES = 5
"""So many pictures with a class weigh as much as what is known of all classes together."""


@dataclass(frozen=True)
class PixelThreshold:
    """How the pixels of one class are judged.

    Attributes:
        name: The class.
        sure_from: Pixels with at least this probability become labels; None: none does.
        source: Where it comes from: ``'own'`` pixels of the class, those of all classes but the Background
            (``'pooled'``), the user (``'fixed'``), or ``'none'``: the target is out of reach.
        pictures: Pictures with answers that have such pixels.
        pixels: How many they are.
        right: How many of them were right.
        lower_bound: Lower confidence bound of the precision that speaks for ``sure_from``: of the class, or of all
            together when pooled; None without answers.
    """

    name: str
    sure_from: float | None
    source: str
    pictures: int = 0
    pixels: int = 0
    right: int = 0
    lower_bound: float | None = None


@dataclass(frozen=True, eq=False)
class PixelCalibration:
    """Thresholds of all classes.

    Attributes:
        classes: By label.
        settings: What was asked for, for the report; ``confidence`` always.
    """

    classes: tuple[PixelThreshold, ...]
    settings: dict[str, Any] = field(default_factory=dict)

    def steps(self) -> np.ndarray:
        """Return the thresholds in steps of 1/255, (C,) int; ``STEPS`` where no pixel is sure enough."""
        found = [one.sure_from for one in self.classes]
        # Fixed thresholds lie between steps; those that were found must not move by rounding.
        return np.array([STEPS if one is None else int(np.ceil(one * (STEPS - 1) - 1e-6)) for one in found])


class PixelSample:
    """Right and wrong pixels by class and least probability, of pictures with answers.

    Args:
        num_classes: C.
    """

    def __init__(self, num_classes: int) -> None:
        self.num_classes = num_classes
        self.own = PictureSums((num_classes, STEPS))
        self.pooled = PictureSums((STEPS,))

    def add(self, probs: np.ndarray, truth: np.ndarray) -> None:
        """Add a picture.

        Args:
            probs: (C, H, W) float32.
            truth: (H, W) uint8, 255 where nothing counts.
        """
        likeliest, steps = likeliest_classes(probs)
        cells = likeliest.astype(np.intp) * STEPS + steps
        counts = [
            np.bincount(cells[chosen], minlength=self.num_classes * STEPS).reshape(self.num_classes, STEPS)
            for chosen in (truth != IGNORED, truth == likeliest)
        ]
        from_step = [count[:, ::-1].cumsum(axis=1)[:, ::-1] for count in counts]
        self.own.add(*from_step)
        self.pooled.add(*(count[1:].sum(axis=0) for count in from_step))


def sample_pixels(num_classes: int, pictures: Iterable[tuple[np.ndarray, np.ndarray]]) -> PixelSample:
    """Count the pixels of pictures, given one by one as probabilities and truth (see :meth:`PixelSample.add`)."""
    sample = PixelSample(num_classes)
    for probs, truth in pictures:
        sample.add(probs, truth)
    return sample


def calibrate_pixels(
    classes: Sequence[str], sample: PixelSample, *, target_precision: float = 0.7, confidence: float = 0.9
) -> PixelCalibration:
    """Find thresholds on pictures the model was not trained on.

    The threshold of a class is the lowest probability from which on the lower confidence bound of its pixels' precision
    (see :meth:`PictureSums.lower_bound`) reaches the target.  A class with too few pictures for that takes the
    threshold found for all classes but the Background together, or the lowest one above it at which its own pixels,
    joined with ``PRIOR_PICTURES`` pictures of all classes, are right as often as wanted; a class that fails even so
    gets no labels.
    The Background, which is everywhere, is judged by itself alone.

    Args:
        classes: Names by label, Background first.
        sample: From :func:`sample_pixels`.
        target_precision: Share of the pixels labelled that have to be right, above 0 and below 1.
        confidence: How sure that is, above 0 and below 1.
    """
    bounds, pooled_bounds = (sums.lower_bound(confidence) for sums in (sample.own, sample.pooled))
    pooled_from = _first(pooled_bounds >= target_precision, sample.pooled.total)
    found = []
    for label, name in enumerate(classes):
        step, source = _first(bounds[label] >= target_precision, sample.own.total[label]), OWN
        if step is None and label and pooled_from is not None:
            step, source = _first_by_all(sample, label, pooled_from, target_precision), POOLED
        found.append(
            _threshold(name, sample, label, step, source, pooled_bounds if source == POOLED else bounds[label])
        )
    return PixelCalibration(tuple(found), {'target_precision': target_precision, 'confidence': confidence})


def fixed_pixels(
    classes: Sequence[str], score_thr: float, sample: PixelSample | None = None, *, confidence: float = 0.9
) -> PixelCalibration:
    """Take the same threshold for all classes, the Background too.

    Args:
        classes: Names by label.
        score_thr: Pixels from this probability on become labels.
        sample: To tell the expected precision by; optional.
        confidence: Of the lower bounds.
    """
    settings = {'score_thr': score_thr, 'confidence': confidence}
    if sample is None:
        return PixelCalibration(tuple(PixelThreshold(name, score_thr, FIXED) for name in classes), settings)
    step, bounds = int(np.ceil(score_thr * (STEPS - 1))), sample.own.lower_bound(confidence)
    found = [_threshold(name, sample, label, step, FIXED, bounds[label]) for label, name in enumerate(classes)]
    return PixelCalibration(tuple(replace(one, sure_from=score_thr) for one in found), settings)


def _threshold(
    name: str, sample: PixelSample, label: int, step: int | None, source: str, bounds: np.ndarray
) -> PixelThreshold:
    if step is None:
        return PixelThreshold(name, None, NONE)
    own = sample.own
    counts = (int(sums[label, step]) for sums in (own.pictures, own.total, own.right))
    return PixelThreshold(name, step / (STEPS - 1), source, *counts, lower_bound=float(bounds[step]))


def _first_by_all(sample: PixelSample, label: int, pooled_from: int, target: float) -> int | None:
    """Find the first step at which own pixels, joined with those of all classes, are right as often as wanted."""
    own, weight = sample.own.precision[label], sample.own.effective_pictures[label]
    shrunk = (own * weight + PRIOR_PICTURES * sample.pooled.precision) / (weight + PRIOR_PICTURES)
    return _first((shrunk >= target) & (np.arange(STEPS) >= pooled_from), sample.pooled.total)


def _first(reached: np.ndarray, total: np.ndarray) -> int | None:
    """Return the first step with pixels of its own that is reached: what lies below has been judged by none."""
    places = np.flatnonzero(reached & (total > np.append(total[1:], 0)))
    return int(places[0]) if places.size else None
