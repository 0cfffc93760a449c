"""From scores to the chance of being right."""

import numpy as np
import pytest

from custom_modules.pseudo_label.precision_curve import PRIOR_BOXES, PrecisionCurve, isotonic, precision_curves


@pytest.mark.parametrize(
    ('values', 'weights', 'expected'),
    [
        pytest.param([1, 2, 3], [1, 1, 1], [1, 2, 3], id='rising'),
        pytest.param([1, 3, 2, 4], [1, 1, 1, 1], [1, 2.5, 2.5, 4], id='one-violation'),
        pytest.param([3, 2, 1], [1, 1, 2], [1.75] * 3, id='falling-weighted'),
        pytest.param([2, 3, 0], [1, 1, 1], [5 / 3] * 3, id='pooled-backwards'),
        pytest.param([], [], [], id='empty'),
    ],
)
def test_isotonic(values, weights, expected):
    assert isotonic(np.array(values, float), np.array(weights, float)).tolist() == pytest.approx(expected)


@pytest.mark.parametrize(
    ('precision', 'score'),
    [
        pytest.param(0.1, 0.2, id='below-the-curve'),
        pytest.param(0.4, 0.4, id='between-points'),
        pytest.param(0.6, 0.6, id='at-a-point'),
        pytest.param(0.7, None, id='never'),
    ],
)
def test_lowest_score(precision, score):
    curve = PrecisionCurve(np.array([0.2, 0.6, 0.9]), np.array([0.2, 0.6, 0.6]))
    assert curve.lowest_score(precision) == (None if score is None else pytest.approx(score))


def test_follows_a_known_law_and_shares_it_with_empty_classes():
    """Boxes of score s are right with the chance s^2, as class 0 has many of; class 1 has none."""
    random = np.random.default_rng(0)
    scores = random.random(20000)
    right = random.random(20000) < scores**2
    own, empty = precision_curves(scores, np.zeros(20000, int), right, 2)
    grid = np.linspace(0.05, 0.95, 10)
    assert own(grid) == pytest.approx(grid**2, abs=0.06)
    assert empty(grid) == pytest.approx(grid**2, abs=0.06)


def test_few_boxes_move_a_class_a_little():
    """In a bin where all classes are right half of the time, 20 wrong boxes of a class halve that for it."""
    scores, labels = np.full(220, 0.5), np.repeat([0, 1], [200, 20])
    right = np.arange(220) < 110
    common, rare = precision_curves(scores, labels, right, 2)
    shared = 110.5 / 221
    assert rare(0.5) == pytest.approx(PRIOR_BOXES * shared / (20 + PRIOR_BOXES))
    assert common(0.5) == pytest.approx((110 + PRIOR_BOXES * shared) / (200 + PRIOR_BOXES))


def test_without_boxes_nothing_is_right():
    assert precision_curves(np.zeros(0), np.zeros(0, int), np.zeros(0, bool), 1)[0].lowest_score(0.1) is None
