"""Trying params: one evaluation gives the scores on every part and resample of the images at once."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from custom_modules.evaluation.fast_map50 import mean_present

from .member_params import MemberParams

ByClass = Callable[[np.ndarray], np.ndarray]
"""Turns (S, I) weightings of the images into (S, K) scores of each class."""


class BaseTrials(ABC):
    """What was tried, with the scores on parts of the images; nothing is tried twice.

    Args:
        weights: (C, I) weightings of the images to score by; the first one is all images alike.
        budget: Trials at most.
        progress: Called after each trial with the number done.
    """

    def __init__(self, weights: np.ndarray, *, budget: int, progress: Callable[[int], Any]) -> None:
        self._weights, self._progress = weights, progress
        self.budget = budget
        self._scores: dict[MemberParams, np.ndarray] = {}

    def __len__(self) -> int:
        return len(self._scores)

    @property
    @abstractmethod
    def num_images(self) -> int:
        """Number of images scored."""

    @abstractmethod
    def evaluate(self, params: MemberParams) -> ByClass:
        """Put the members together with the params, and return what scores the result."""

    def run(self, candidates: Iterable[MemberParams]) -> bool:
        """Try what was not tried before; all of it, or nothing where the budget does not allow all.

        Returns:
            Whether all candidates have scores now.
        """
        new = [params for params in dict.fromkeys(candidates) if params not in self._scores]
        if len(self) + len(new) > self.budget:
            return False
        for params in new:
            self._scores[params] = self.evaluate(params)(self._weights)
            self._progress(len(self))
        return True

    def by_class(self, params: MemberParams) -> np.ndarray:
        """Return (C, K) scores of each weighting and class, of params that were tried."""
        return self._scores[params]

    def score(self, params: MemberParams) -> np.ndarray:
        """Return (C,) the mean over the classes of each weighting, of params that were tried."""
        return mean_present(self._scores[params])

    def table(self) -> list[tuple[MemberParams, float]]:
        """Return what was tried, in order, with the score on all images."""
        return [(params, float(self.score(params)[0])) for params in self._scores]
