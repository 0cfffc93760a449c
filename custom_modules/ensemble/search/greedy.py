"""The search itself, over params of any kind: greedy, in step on all images and on the parts of a cross-validation.

A trial puts the members together once and gives the scores on all images, from which all parts read theirs; searches
that stand at the same place share their trials.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from custom_modules.evaluation.bootstrap import bootstrap_weights
from custom_modules.utils import UserError

from .base_trials import BaseTrials
from .held_out import compare, score_held_out
from .member_params import MemberParams
from .moves import best_members, scale_moves, single
from .result import EQUAL, SEARCHED, SINGLE, MemberRow, SearchResult
from .splits import Splits, make_splits
from .walker import Scaled, Walker

RESAMPLES = 40  # of each part, for the standard errors that decide


@dataclass(frozen=True)
class Space:
    """What a search may change.

    Attributes:
        start: What it starts from and must beat: all members alike, the usual settings.
        stages: What it changes in turns.
        moves: Gives the candidates of a stage next to some params, in canonical form.
        scaled: Multiplies what members count in each class.
        num_single_classes: Changes of one class alone that are tried beside those of all classes together; of use where
            classes compete, so that together they may not be what each promises.
        informed: Gives params to try first, from the (M, K) scores of each member alone; none by default.
    """

    start: MemberParams
    stages: tuple[str, ...]
    moves: Callable[[MemberParams, str], list[MemberParams]]
    scaled: Scaled
    num_single_classes: int = 0
    informed: Callable[[np.ndarray], list[MemberParams]] = lambda by_member: []


MakeTrials = Callable[[np.ndarray, Callable[[int], Any]], BaseTrials]
"""Makes trials from the weightings to score by, and from what to call after each one."""


def search_space(
    space: Space,
    make_trials: MakeTrials,
    num_objects: np.ndarray,
    *,
    seed: int,
    folds: int,
    repeats: int,
    progress: Callable[[int, int, float], Any] | None = None,
) -> SearchResult:
    """Search the params that have the best score on images not searched on.

    What is returned is the best of three ways, by their score on held-out images: the best single member, all members
    alike with the usual settings, and what the search found.  So it is never below the best single member there.  (The
    best of three scores is a little too good itself, by far less than the printed interval.)

    Args:
        space: What may be changed.
        make_trials: Makes what tries params.
        num_objects: (I, K) objects of each image and class, by which images are dealt to parts.
        seed: Of the parts and resamples; the same seed gives the same result.
        folds: Parts of a division of the images: fitted on all others, scored on the part.
        repeats: Divisions.
        progress: Called after each trial with the number done, the budget, and the best score so far on all images.

    Returns:
        The params to use, the gain to expect, and everything tried.

    Raises:
        UserError: Too few images or trials.
    """
    started = time.monotonic()
    splits = make_splits(num_objects, folds, repeats, seed)
    walkers: list[Walker] = []

    def tell(done: int) -> None:
        if progress is not None:
            progress(done, trials.budget, walkers[0].score(walkers[0].result) if walkers else float('nan'))

    weights, resamples = weightings(splits, seed)
    trials = make_trials(weights, tell)
    start = space.start
    singles = [single(start, index) for index in range(len(start.members))]
    trials.run([*singles, start])
    walkers += [Walker(trials, part, columns, start, singles, space.scaled) for part, columns in enumerate(resamples)]
    converged = _walk(trials, walkers, [params.used[0] for params in singles], space)

    ways = {
        SINGLE: [walker.single for walker in walkers],
        EQUAL: [start] * len(walkers),
        SEARCHED: [walker.result for walker in walkers],
    }
    held_out = score_held_out(
        trials, splits, {name: way[1:] for name, way in ways.items()}, reference=SINGLE, seed=seed + 1
    )
    best = max(ways, key=lambda name: held_out[name].gain.value)  # the first of equals: the simplest
    params = ways[best][0]
    return SearchResult(
        params=params,
        choice=SINGLE if params.is_single else best,
        held_out=held_out,
        members=_member_rows(trials, params, singles, seed),
        trials=trials.table(),
        budget=trials.budget,
        converged=converged,
        seed=seed,
        folds=folds,
        repeats=repeats,
        num_images=trials.num_images,
        seconds=time.monotonic() - started,
    )


def check_search(num_members: int, budget: int, folds: int, repeats: int) -> None:
    """Refuse what cannot be searched.

    Raises:
        UserError: There are too few members, folds or trials.
    """
    if num_members < 2:
        raise UserError(f'a search needs the predictions of at least two models, not {num_members}')
    if folds < 2 or repeats < 1:
        raise UserError(f'a search needs at least 2 folds and 1 repeat, not {folds} and {repeats}')
    if budget < num_members + 1:
        raise UserError(f'a budget of {budget} trials is too small: {num_members} members need {num_members + 1}')


def weightings(splits: Splits, seed: int) -> tuple[np.ndarray, list[slice]]:
    """Return the weightings trials are scored by, first those of the parts fitted on, and where their resamples are."""
    drawn = bootstrap_weights(splits.fit.shape[1], RESAMPLES, seed)
    parts = len(splits.fit)
    weights = np.concatenate([splits.fit.astype(np.float64), *(drawn * part for part in splits.fit)])
    return weights, [slice(parts + part * RESAMPLES, parts + (part + 1) * RESAMPLES) for part in range(parts)]


def _walk(trials: BaseTrials, walkers: list[Walker], members: list[int], space: Space) -> bool:
    """Let all walkers go on, stage by stage, until none moves or the budget is used up.

    Returns:
        Whether they stopped because nothing gained.
    """

    def first(walker: Walker) -> list[MemberParams]:
        alone = [single(space.start, member) for member in members]
        by_member = np.array([walker.by_class(params) for params in alone])
        return [
            *best_members(space.start, np.array([walker.score(params) for params in alone])),
            *space.informed(by_member),
        ]

    _stage(trials, walkers, first)
    while True:
        outcomes = [
            _stage(trials, walkers, lambda walker, name=name: space.moves(walker.params, name)) for name in space.stages
        ]
        outcomes.append(_scale_stage(trials, walkers, space.num_single_classes))
        if not any(outcomes):
            return None not in outcomes


def _stage(trials: BaseTrials, walkers: list[Walker], propose: Callable[[Walker], list[MemberParams]]) -> bool | None:
    """Let every walker take one step.

    Returns:
        Whether any moved; None where the budget does not allow the stage.
    """
    proposals = [propose(walker) for walker in walkers]
    if not trials.run(params for proposal in proposals for params in proposal):
        return None
    moved = [walker.step(proposal) for walker, proposal in zip(walkers, proposals, strict=True)]
    return any(moved)


def _scale_stage(trials: BaseTrials, walkers: list[Walker], num_single_classes: int) -> bool | None:
    """Let every walker change what members count, each class by itself."""
    tried = [[(pair, walker.scaled_for_all(*pair)) for pair in scale_moves(walker.params)] for walker in walkers]
    if not trials.run(params for walker_tried in tried for _, params in walker_tried):
        return None
    proposed = {}
    for walker, walker_tried in zip(walkers, tried, strict=True):
        pairs = [pair for pair, _ in walker_tried]
        proposed[id(walker)] = [walker.combine(pairs), *walker.single_classes(pairs, num_single_classes)]
    return _stage(trials, walkers, lambda walker: proposed[id(walker)])


def _member_rows(trials: BaseTrials, params: MemberParams, singles: list[MemberParams], seed: int) -> list[MemberRow]:
    """Tell of each member what it scores alone and what it adds to the others (or would add)."""
    others = [_toggled(params, index) for index in range(len(singles))]
    asked = [index for index, other in enumerate(others) if other is not None]
    added = dict(zip(asked, compare(trials, params, [others[index] for index in asked], seed=seed + 1), strict=True))
    return [
        MemberRow(
            name=params.members[index],
            single=float(trials.score(alone)[0]),
            weight=params.weights[index],
            adds=added.get(index) if params.weights[index] else added[index].negative(),
        )
        for index, alone in enumerate(singles)
    ]


def _toggled(params: MemberParams, member: int) -> MemberParams | None:
    """Return the params without a member, or with one that was left out; None where nothing is left."""
    if params.used == (member,):
        return None
    weights = list(params.weights)
    weights[member] = 0.0 if weights[member] else 1.0
    return replace(params, weights=tuple(weights)).canonical()
