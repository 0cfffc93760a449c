"""The honest score of a search: what it finds on one part of the images, scored on the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from custom_modules.evaluation.bootstrap import bootstrap_weights, interval
from custom_modules.evaluation.fast_map50 import mean_present

from .base_trials import BaseTrials
from .member_params import MemberParams
from .splits import Splits

NUM_RESAMPLES = 500


@dataclass(frozen=True)
class Estimate:
    """A figure with its bootstrap interval (90 %, over images).

    Attributes:
        value: The figure.
        low: Lower end.
        high: Upper end.
    """

    value: float
    low: float
    high: float

    def negative(self) -> 'Estimate':
        """Return the estimate of the opposite figure."""
        return Estimate(0.0 - self.value, 0.0 - self.high, 0.0 - self.low)


@dataclass(frozen=True)
class HeldOut:
    """Score of one way of choosing params, mean over the parts held out.

    Attributes:
        score: The mean over the classes.
        gain: Over the best single member as chosen on the same images.
    """

    score: Estimate
    gain: Estimate


def score_held_out(
    trials: BaseTrials, splits: Splits, choices: Mapping[str, Sequence[MemberParams]], *, reference: str, seed: int
) -> dict[str, HeldOut]:
    """Score ways of choosing params on the images they were not fitted on.

    The interval resamples images, not parts: repeated divisions of the same images make it no narrower.

    Args:
        trials: What can put members together and score them.
        splits: The parts.
        choices: For each way, the params it chose on each of the F parts.
        reference: The way that gains are relative to.
        seed: Of the resamples.

    Returns:
        Scores and gains by way.
    """
    weights = _all_and_resampled(trials, seed)
    needed: dict[MemberParams, list[int]] = {}
    for way in choices.values():
        for part, params in enumerate(way):
            needed.setdefault(params, []).append(part)
    scores = {}
    for params, parts in needed.items():
        by_class = trials.evaluate(params)
        scores |= {
            (params, part): mean_present(by_class(weights * splits.held_out[part])) for part in dict.fromkeys(parts)
        }
    by_way = {
        name: np.array([scores[params, part] for part, params in enumerate(way)]) for name, way in choices.items()
    }
    base = by_way[reference]
    return {name: HeldOut(_estimate(way), _estimate(way - base)) for name, way in by_way.items()}


def compare(trials: BaseTrials, params: MemberParams, others: Sequence[MemberParams], *, seed: int) -> list[Estimate]:
    """Estimate on all images how much params score above others."""
    weights = _all_and_resampled(trials, seed)
    here = mean_present(trials.evaluate(params)(weights))
    return [_estimate((here - mean_present(trials.evaluate(other)(weights)))[None]) for other in others]


def _all_and_resampled(trials: BaseTrials, seed: int) -> np.ndarray:
    resamples = bootstrap_weights(trials.num_images, NUM_RESAMPLES, seed)
    return np.concatenate([np.ones((1, trials.num_images)), resamples])


def _estimate(figures: np.ndarray) -> Estimate:
    """Average figures (parts, 1 + resamples) over the parts that have objects."""
    present = ~np.isnan(figures)
    means = np.where(present, figures, 0.0).sum(axis=0) / np.maximum(present.sum(axis=0), 1)
    return Estimate(float(means[0]), *interval(means[1:]))
