"""Finding the members and settings of a fusion by mAP50, with a gain that was measured on other images.

Greedy coordinate search (members, IoU threshold, method, skip threshold, weights, score scales by class), done on all
images and, in step with it, on every part of a repeated cross-validation.  A trial is one fusion and one match of all
images, from which all parts read their scores; searches that stand at the same place share their trials.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from custom_modules.evaluation.bootstrap import bootstrap_weights
from custom_modules.evaluation.fast_map50 import FastMap50
from custom_modules.evaluation.ground_truth import coco_parts
from custom_modules.evaluation.predictions import Predictions, check_known
from custom_modules.utils import UserError

from .held_out import compare, score_held_out
from .moves import STAGES, best_members, equal_weights, moves, scale_moves, single
from .params import FusionParams
from .result import EQUAL, SEARCHED, SINGLE, MemberRow, SearchResult
from .splits import Splits, make_splits
from .trials import Trials
from .walker import Walker

_RESAMPLES = 40  # of each part, for the standard errors that decide


def search_fusion(
    coco: Any,
    members: Mapping[str, Predictions],
    *,
    budget: int = 300,
    seed: int = 0,
    folds: int = 4,
    repeats: int = 2,
    progress: Callable[[int, int, float], Any] | None = None,
) -> SearchResult:
    """Search the fusion of some models' predictions that has the best mAP50 on images not searched on.

    What is returned is the best of three ways, by their score on held-out images: the best single member, all members
    fused alike with the usual settings, and what the search found.  So it is never below the best single member there.
    (The best of three scores is a little too good itself, by far less than the printed interval.)

    Args:
        coco: Data set with answers, ``CocoData`` or a COCO dict; no member may have trained on it.
        members: Predictions by name, usually a file each; at least two.
        budget: Trials at most; it ends sooner where nothing gains any more.
        seed: Of the parts and resamples; the same seed gives the same result.
        folds: Parts of a division of the images: fitted on all others, scored on the part.
        repeats: Divisions.
        progress: Called after each trial with the number done, the budget, and the best mAP50 so far on all images.

    Returns:
        The params to use, the gain to expect, and everything tried.

    Raises:
        UserError: Fewer than two members, too few images or trials, or predictions of another data set.
    """
    started = time.monotonic()
    _check(coco, members, budget, folds, repeats)
    scorer = FastMap50(coco)
    splits = make_splits(scorer.num_objects, folds, repeats, seed)
    walkers: list[Walker] = []

    def tell(done: int) -> None:
        if progress is not None:
            progress(done, budget, walkers[0].score(walkers[0].result) if walkers else float('nan'))

    weights, resamples = _weightings(splits, seed)
    trials = Trials(scorer, members, _image_sizes(coco), weights, budget=budget, progress=tell)
    start = equal_weights(list(members), scorer.cat_ids.tolist())
    singles = [single(start, index) for index in range(len(members))]
    trials.run([*singles, start])
    walkers += [Walker(trials, part, columns, start, singles) for part, columns in enumerate(resamples)]
    converged = _walk(trials, walkers, [params.used[0] for params in singles], start)

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
        budget=budget,
        converged=converged,
        seed=seed,
        folds=folds,
        repeats=repeats,
        num_images=trials.num_images,
        seconds=time.monotonic() - started,
    )


def _check(coco: Any, members: Mapping[str, Predictions], budget: int, folds: int, repeats: int) -> None:
    if len(members) < 2:
        raise UserError(f'a search needs the predictions of at least two models, not {len(members)}')
    if folds < 2 or repeats < 1:
        raise UserError(f'a search needs at least 2 folds and 1 repeat, not {folds} and {repeats}')
    if budget < len(members) + 1:
        raise UserError(f'a budget of {budget} trials is too small: {len(members)} members need {len(members) + 1}')
    for name, predictions in members.items():
        check_known(predictions, coco, name)


def _image_sizes(coco: Any) -> dict[int, tuple[int, int]]:
    images = sorted(coco_parts(coco)[0], key=lambda image: image['id'])
    return {image['id']: (image['height'], image['width']) for image in images}


def _weightings(splits: Splits, seed: int) -> tuple[np.ndarray, list[slice]]:
    """Return the weightings trials are scored by, first those of the parts fitted on, and where their resamples are."""
    drawn = bootstrap_weights(splits.fit.shape[1], _RESAMPLES, seed)
    parts = len(splits.fit)
    weights = np.concatenate([splits.fit.astype(np.float64), *(drawn * part for part in splits.fit)])
    return weights, [slice(parts + part * _RESAMPLES, parts + (part + 1) * _RESAMPLES) for part in range(parts)]


def _walk(trials: Trials, walkers: list[Walker], members: list[int], start: FusionParams) -> bool:
    """Let all walkers go on, stage by stage, until none moves or the budget is used up.

    Returns:
        Whether they stopped because nothing gained.
    """

    def first(walker: Walker) -> list[FusionParams]:
        return best_members(start, np.array([walker.score(single(start, member)) for member in members]))

    _stage(trials, walkers, first)
    while True:
        outcomes = [_stage(trials, walkers, lambda walker, name=name: moves(walker.params, name)) for name in STAGES]
        outcomes.append(_scale_stage(trials, walkers))
        if not any(outcomes):
            return None not in outcomes


def _stage(trials: Trials, walkers: list[Walker], propose: Callable[[Walker], list[FusionParams]]) -> bool | None:
    """Let every walker take one step.

    Returns:
        Whether any moved; None where the budget does not allow the stage.
    """
    proposals = [propose(walker) for walker in walkers]
    if not trials.run(params for proposal in proposals for params in proposal):
        return None
    moved = [walker.step(proposal) for walker, proposal in zip(walkers, proposals, strict=True)]
    return any(moved)


def _scale_stage(trials: Trials, walkers: list[Walker]) -> bool | None:
    """Let every walker change score scales, each class by itself."""
    tried = [[(pair, walker.scaled_for_all(*pair)) for pair in scale_moves(walker.params)] for walker in walkers]
    if not trials.run(params for walker_tried in tried for _, params in walker_tried):
        return None
    combined = {
        id(walker): walker.combine([pair for pair, _ in walker_tried])
        for walker, walker_tried in zip(walkers, tried, strict=True)
    }
    return _stage(trials, walkers, lambda walker: [combined[id(walker)]])


def _member_rows(trials: Trials, params: FusionParams, singles: list[FusionParams], seed: int) -> list[MemberRow]:
    """Tell of each member what it scores alone and what it adds to the others (or would add)."""
    others = [_toggled(params, index) for index in range(len(singles))]
    asked = [index for index, other in enumerate(others) if other is not None]
    added = dict(zip(asked, compare(trials, params, [others[index] for index in asked], seed=seed + 1), strict=True))
    return [
        MemberRow(
            name=params.members[index],
            single=float(trials.map50(alone)[0]),
            weight=params.weights[index],
            adds=added.get(index) if params.weights[index] else added[index].negative(),
        )
        for index, alone in enumerate(singles)
    ]


def _toggled(params: FusionParams, member: int) -> FusionParams | None:
    """Return the params without a member, or with one that was left out; None where nothing is left."""
    if params.used == (member,):
        return None
    weights = list(params.weights)
    weights[member] = 0.0 if weights[member] else 1.0
    return replace(params, weights=tuple(weights)).canonical()
