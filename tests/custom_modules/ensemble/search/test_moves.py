"""What a search tries next."""

from dataclasses import replace

import numpy as np
import pytest

from custom_modules.ensemble.search.moves import STAGES, best_members, equal_weights, moves, scale_moves, scaled, single

START = equal_weights(['a', 'b', 'c'], [1, 2])


@pytest.mark.fast
@pytest.mark.parametrize(
    ('stage', 'field', 'expected'),
    [
        pytest.param('iou_thr', 'iou_thr', [0.45, 0.5, 0.6, 0.65], id='two steps to each side'),
        pytest.param('skip_box_thr', 'skip_box_thr', [0.001, 0.01], id='at the end of the values'),
        pytest.param('members', 'weights', [(0, 1, 1), (1, 0, 1), (1, 1, 0)], id='each left out'),
        pytest.param(
            'weights',
            'weights',
            [(0.5, 1, 1), (1, 0.5, 0.5), (1, 0.5, 1), (0.5, 1, 0.5), (1, 1, 0.5), (0.5, 0.5, 1)],
            id='each halved and doubled',
        ),
        pytest.param('method', 'method', ['wbf'] * 3 + ['nmw', 'nms', 'soft_nms'], id='other methods and confidences'),
    ],
)
def test_moves_from_the_start(stage, field, expected):
    assert [getattr(params, field) for params in moves(START, stage)] == expected


@pytest.mark.parametrize('stage', STAGES)
def test_moves_are_canonical_and_new(stage):
    params = replace(START, weights=(1.0, 0.5, 0.0), method='nmw', iou_thr=0.8)
    candidates = moves(params, stage)
    assert candidates
    assert len(set(candidates)) == len(candidates) and params not in candidates
    assert [candidate.canonical() for candidate in candidates] == candidates


def test_members_come_back_and_two_are_not_left_by_one():
    params = replace(START, weights=(1.0, 1.0, 0.0))
    assert [move.weights for move in moves(params, 'members')] == [(1, 1, 1)]


def test_weights_stay_within_a_factor_of_eight():
    weights = [move.weights for move in moves(replace(START, weights=(1.0, 0.125, 1.0)), 'weights')]
    assert min(min(row) for row in weights) == 0.125


def test_best_members():
    four = equal_weights(['a', 'b', 'c', 'd'], [1])
    candidates = best_members(four, np.array([0.1, 0.4, np.nan, 0.3]))
    assert [params.weights for params in candidates] == [(0, 1, 0, 1), (1, 1, 0, 1)]
    assert single(four, 2).used == (2,)


def test_score_scales():
    assert scale_moves(replace(START, weights=(1.0, 0.0, 1.0))) == [(2, 0.5), (2, 2.0)]
    halved = scaled(START, np.array([[1, 0.5], [1, 1], [1, 1]]))
    assert halved.score_scale == ((1, 0.5), (1, 1), (1, 1))
    doubled = scaled(halved, np.array([[1, 1], [1, 1], [2, 1]]))
    assert doubled.score_scale == ((0.5, 0.5), (0.5, 1), (1, 1))
    too_far = scaled(halved, np.array([[0.5, 0.1], [1, 1], [1, 1]]))
    assert too_far.score_scale == ((0.5, 0.5), (1, 1), (1, 1))  # the second class would differ by 20
