"""One search on one part of the images: greedy, and slow to believe."""

from collections.abc import Callable, Sequence

import numpy as np

from .base_trials import BaseTrials
from .member_params import MemberParams

Scaled = Callable[[MemberParams, np.ndarray], MemberParams]
"""Multiplies what members count in each class, (M, K)."""

# Standard errors a gain must exceed.  Validation sets are small: without a hurdle the best of ten candidates is mostly
# the luckiest.  In simulations (133 pictures searched on, 1,000 others scored) 1 was best, 0 lost up to 0.008 mAP50 to
# it; changes of one class, which are many and rest on few objects, gained less than they cost at 1.5.
HURDLE = 1.0
CLASS_HURDLE = 2.0


class Walker:
    """Where one search stands.

    Args:
        trials: Shared by all walkers.
        fit: The weighting (a column of the trials) it fits on.
        resamples: Weightings that are resamples of the same images, for standard errors.
        start: Params to begin with; they must have been tried.
        singles: What passes one member on, for each; tried, too.
        scaled: How params are changed by class.
    """

    def __init__(
        self,
        trials: BaseTrials,
        fit: int,
        resamples: slice,
        start: MemberParams,
        singles: Sequence[MemberParams],
        scaled: Scaled,
    ) -> None:
        self._trials, self._fit, self._resamples, self._scaled = trials, fit, resamples, scaled
        self.params = start
        self.single = max(singles, key=self.score)

    def score(self, params: MemberParams) -> float:
        """Return the score on the images it fits on; below every score where nothing is to be found."""
        return float(np.nan_to_num(self._trials.score(params)[self._fit], nan=-1.0))

    def by_class(self, params: MemberParams) -> np.ndarray:
        """Return the (K,) scores on the images it fits on."""
        return self._trials.by_class(params)[self._fit]

    @property
    def result(self) -> MemberParams:
        """What it would use: its params, or the best single member where that one scores more."""
        return self.params if self.score(self.params) > self.score(self.single) else self.single

    def step(self, candidates: Sequence[MemberParams]) -> bool:
        """Go to the candidate with the greatest gain beyond the hurdle, if there is one.

        Returns:
            Whether it moved.
        """
        here = self._trials.score(self.params)
        excess = [self._excess(self._trials.score(candidate) - here, HURDLE) for candidate in candidates]
        if not excess or not np.nanmax([0.0, *excess]) > 0:
            return False
        self.params = candidates[int(np.nanargmax(excess))]
        return True

    def combine(self, moves: Sequence[tuple[int, float]]) -> MemberParams:
        """Put the factors together that are best in each class.

        Boxes of different classes are fused and scored apart, so one trial per factor of all classes tells the best
        factor of each.  The classes of a pixel compete: there it is a guess, which the step to it verifies.

        Args:
            moves: (member, factor) pairs; the params with each of them for all classes have been tried.

        Returns:
            The params with the factors that gain beyond the hurdle of a class; the same where none does.
        """
        here = self._trials.by_class(self.params)
        factors = np.ones((len(self.params.members), here.shape[1]))
        best = np.zeros(here.shape[1])
        for member, factor in moves:
            change = self._trials.by_class(self.scaled_for_all(member, factor)) - here
            excess = self._excess(change, CLASS_HURDLE)
            better = np.flatnonzero(excess > best)
            best[better] = excess[better]
            factors[:, better] = 1.0
            factors[member, better] = factor
        return self._scaled(self.params, factors)

    def single_classes(self, moves: Sequence[tuple[int, float]], most: int) -> list[MemberParams]:
        """Change one class alone, in the ways that promise most.

        Args:
            moves: (member, factor) pairs; the params with each of them for all classes have been tried.
            most: How many to give at most.
        """
        here, found = self.by_class(self.params), []
        for member, factor in moves:
            gains = self.by_class(self.scaled_for_all(member, factor)) - here
            found += [(gain, member, factor, label) for label, gain in enumerate(gains.tolist()) if gain > 0]
        changed = []
        for _, member, factor, label in sorted(found, key=lambda row: -row[0])[:most]:
            factors = np.ones((len(self.params.members), len(here)))
            factors[member, label] = factor
            changed.append(self._scaled(self.params, factors))
        return changed

    def scaled_for_all(self, member: int, factor: float) -> MemberParams:
        """Return the params with what a member counts multiplied in all classes."""
        factors = np.ones((len(self.params.members), self._trials.by_class(self.params).shape[1]))
        factors[member] = factor
        return self._scaled(self.params, factors)

    def _excess(self, change: np.ndarray, hurdle: float) -> np.ndarray:
        """Return gains beyond the hurdle, from changes of all weightings (the first axis)."""
        return change[self._fit] - hurdle * change[self._resamples].std(axis=0)
