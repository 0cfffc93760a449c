"""Finding the members and settings of a vote by mIoU, with a gain that was measured on other pictures.

Greedy coordinate search (soft or hard, members, weights, weights by class; see ``search/greedy.py``) on some pixels of
every picture that stand for all (``pixel_sample.py``).
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from custom_modules.datasets.label_maps import BACKGROUND
from custom_modules.ensemble.search.base_trials import BaseTrials, ByClass
from custom_modules.ensemble.search.greedy import Space, check_search, search_space
from custom_modules.ensemble.search.moves import MOST_UNEQUAL, member_moves, new_ones, weight_moves
from custom_modules.ensemble.search.result import SearchResult

from .electorate import Electorate
from .params import VoteParams
from .pixel_sample import PixelSample
from .vote import METHODS

STAGES = ('method', 'members', 'weights')
NUM_SINGLE_CLASSES = 8
POWERS = (1, 2, 4)
"""Of the IoU of a member in a class, to try as its weights."""


class VoteTrials(BaseTrials):
    """Votes that were tried on a sample of pixels, scored by IoU.

    Args:
        sample: The pixels.
        weights: See :class:`BaseTrials`, likewise the others.
        budget: Trials at most.
        progress: Called after each trial.
    """

    def __init__(
        self, sample: PixelSample, weights: np.ndarray, *, budget: int, progress: Callable[[int], Any]
    ) -> None:
        super().__init__(weights, budget=budget, progress=progress)
        self._sample = sample

    @property
    def num_images(self) -> int:
        """Number of pictures scored."""
        return self._sample.num_images

    def evaluate(self, params: VoteParams) -> ByClass:
        """Vote with the params; the scores are IoU."""
        return self._sample.areas(self._sample.vote(params.matrix, params.method)).ious


def search_vote(
    electorate: Electorate,
    sample: PixelSample,
    *,
    budget: int = 300,
    seed: int = 0,
    folds: int = 4,
    repeats: int = 2,
    progress: Callable[[int, int, float], Any] | None = None,
) -> SearchResult:
    """Search the vote of some models that has the best mIoU on pictures not searched on.

    What is returned is the best of three ways, by their score on held-out pictures: the best single member, a soft vote
    of all members alike, and what the search found.  So it is never below the best single member there.

    Args:
        electorate: The members, at least two.
        sample: Pixels of all pictures; no member may have trained on them.
        budget: Trials at most; it ends sooner where nothing gains any more.
        seed: Of the parts and resamples; the same seed gives the same result.
        folds: Parts of a division of the pictures: fitted on all others, scored on the part.
        repeats: Divisions.
        progress: Called after each trial with the number done, the budget, and the best mIoU so far on all pictures.

    Returns:
        The params to use, the gain to expect, and everything tried.

    Raises:
        UserError: Fewer than two members, or too few pictures or trials.
    """
    names, classes = tuple(electorate.names), electorate.classes
    check_search(len(names), budget, folds, repeats)
    start = VoteParams(names, classes, (1.0,) * len(names))
    space = Space(start, STAGES, moves, scaled, NUM_SINGLE_CLASSES, lambda ious: by_merit(start, ious))

    def make_trials(weights, tell) -> VoteTrials:
        return VoteTrials(sample, weights, budget=budget, progress=tell)

    options = {'seed': seed, 'folds': folds, 'repeats': repeats, 'progress': progress}
    return search_space(space, make_trials, objects_of(sample.presence, classes), **options)


def objects_of(presence: np.ndarray, classes: tuple[str, ...]) -> np.ndarray:
    """Return (I, K) which objects are on which picture: all classes but a Background."""
    return presence[:, classes[0] == BACKGROUND :].astype(np.int64)


def moves(params: VoteParams, stage: str) -> list[VoteParams]:
    """Return the candidates of a stage, in canonical form, without ``params`` itself and without repeats.

    Args:
        params: Where the search stands.
        stage: One of ``STAGES``.
    """
    found = {'method': _methods, 'members': member_moves, 'weights': weight_moves}
    return new_ones(found[stage](params), params)


def scaled(params: VoteParams, factors: np.ndarray) -> VoteParams:
    """Multiply the weights by class, (M, C); classes that would become too unequal stay as they are."""
    return params.scaled(factors, MOST_UNEQUAL)


def by_merit(start: VoteParams, ious: np.ndarray) -> list[VoteParams]:
    """Return votes in which members count in each class as well as they know it.

    Args:
        start: All members.
        ious: (M, C) of each member alone; NaN for a class that is nowhere.
    """
    known = np.where(np.isnan(ious), 1.0, ious).clip(1e-3)
    found = []
    for method in METHODS:
        for power in POWERS:
            merits = known**power
            # In a hard vote a class that is hard to find must not lose to one that is not: each is taken by itself.
            rows = tuple(map(tuple, (merits / merits.max(axis=0)).tolist()))
            found.append(replace(start, method=method, class_weights=rows).canonical())
    return found


def _methods(params: VoteParams) -> Iterator[VoteParams]:
    return (replace(params, method=method) for method in METHODS)
