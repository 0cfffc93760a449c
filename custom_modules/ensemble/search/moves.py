"""What a search tries from where it stands: few values of one setting at a time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from custom_modules.ensemble.fusing import CONF_TYPES, METHODS

from .member_params import MemberParams
from .params import FusionParams

IOU_THRS = (0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8)
SKIP_BOX_THRS = (0.0, 0.001, 0.01, 0.03, 0.1)
FACTORS = (0.5, 2.0)
MOST_UNEQUAL = 8.0  # the largest weight or scale over the smallest

STAGES = ('iou_thr', 'method', 'skip_box_thr', 'members', 'weights')
"""In the order they are tried; each is a few candidates next to the present params."""


def equal_weights(members: Sequence[str], category_ids: Sequence[int]) -> FusionParams:
    """Return what the search starts from and must beat: all members alike, the usual settings."""
    return FusionParams(tuple(members), tuple(category_ids), (1.0,) * len(members))


def best_members(start: MemberParams, singles: np.ndarray) -> list[MemberParams]:
    """Return the best two, three, ... members together.

    Args:
        start: All members.
        singles: (M,) score of each member alone.
    """
    order = np.argsort(-np.nan_to_num(singles), kind='stable')
    sizes = range(2, len(start.members))
    return [_with_members(start, set(order[:size].tolist())) for size in sizes]


def single(start: MemberParams, member: int) -> MemberParams:
    """Return the params that pass one member on."""
    return _with_members(start, {member}).canonical()


def moves(params: FusionParams, stage: str) -> list[FusionParams]:
    """Return the candidates of a stage, in canonical form, without ``params`` itself and without repeats.

    Args:
        params: Where the search stands.
        stage: One of ``STAGES``.
    """
    return new_ones(_MOVES[stage](params), params)


def new_ones(candidates: Iterable[MemberParams], params: MemberParams) -> list[MemberParams]:
    """Return candidates in canonical form, without ``params`` itself and without repeats."""
    canonical = dict.fromkeys(candidate.canonical() for candidate in candidates)
    canonical.pop(params, None)
    return list(canonical)


def scale_moves(params: MemberParams) -> list[tuple[int, float]]:
    """Return (member, factor) pairs to try on the scores of each class; of two members, one is enough."""
    members = params.used[1:] if len(params.used) == 2 else params.used
    return [(member, factor) for member in members for factor in FACTORS]


def scaled(params: FusionParams, factors: np.ndarray) -> FusionParams:
    """Multiply the score scale.

    Args:
        params: Where the search stands.
        factors: (M, K).

    Returns:
        The params in canonical form; in classes that would become too unequal nothing changes.
    """
    before = np.ones_like(factors) if params.score_scale is None else np.array(params.score_scale)
    after = before * factors
    used = after[list(params.used)]
    after = np.where(used.max(axis=0) > MOST_UNEQUAL * used.min(axis=0), before, after)
    return replace(params, score_scale=tuple(map(tuple, after.tolist()))).canonical()


def _with_members(params: MemberParams, members: set[int]) -> MemberParams:
    return replace(params, weights=tuple(float(index in members) for index in range(len(params.members))))


def _iou_thr(params: FusionParams) -> Iterator[FusionParams]:
    return (replace(params, iou_thr=value) for value in _near(IOU_THRS, params.iou_thr))


def _skip_box_thr(params: FusionParams) -> Iterator[FusionParams]:
    return (replace(params, skip_box_thr=value) for value in _near(SKIP_BOX_THRS, params.skip_box_thr))


def _method(params: FusionParams) -> Iterator[FusionParams]:
    for method in METHODS:
        for conf_type in CONF_TYPES if method == 'wbf' else CONF_TYPES[:1]:
            yield replace(params, method=method, conf_type=conf_type)


def member_moves(params: MemberParams) -> Iterator[MemberParams]:
    """Leave one out, or take one in; what is left of one alone is a candidate of its own anyway."""
    for index, weight in enumerate(params.weights):
        if not weight or len(params.used) > 2:
            changed = 0.0 if weight else max(params.weights)
            yield replace(params, weights=(*params.weights[:index], changed, *params.weights[index + 1 :]))


def weight_moves(params: MemberParams) -> Iterator[MemberParams]:
    """Halve and double the weight of each."""
    for index in params.used:
        for factor in FACTORS:
            weights = (*params.weights[:index], params.weights[index] * factor, *params.weights[index + 1 :])
            given = [weight for weight in weights if weight]
            if max(given) <= MOST_UNEQUAL * min(given):
                yield replace(params, weights=weights)


def _near(values: Sequence[float], value: float) -> Sequence[float]:
    """Return the values at most two steps away."""
    at = values.index(value)
    return values[max(0, at - 2) : at + 3]


_MOVES = {
    'iou_thr': _iou_thr,
    'method': _method,
    'skip_box_thr': _skip_box_thr,
    'members': member_moves,
    'weights': weight_moves,
}
