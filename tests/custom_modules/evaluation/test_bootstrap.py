"""Weights of resamples and intervals."""

import numpy as np
import pytest

from custom_modules.evaluation import bootstrap_weights, interval


@pytest.mark.fast
def test_weights_are_positive_average_one_and_repeat_with_the_seed():
    weights = bootstrap_weights(50, 400, seed=3)
    assert weights.shape == (400, 50)
    assert (weights > 0).all()
    np.testing.assert_allclose(weights.mean(axis=1), 1.0)
    assert weights.std() == pytest.approx(1.0, abs=0.05)  # of an exponential distribution with mean 1
    np.testing.assert_array_equal(weights, bootstrap_weights(50, 400, seed=3))
    assert (weights != bootstrap_weights(50, 400, seed=4)).all()


def test_the_spread_of_a_mean_is_its_standard_error():
    sample = np.random.default_rng(0).normal(size=200)
    means = (bootstrap_weights(200, 2000, seed=0) * sample).mean(axis=1)
    assert means.std() == pytest.approx(sample.std() / np.sqrt(200), rel=0.1)


@pytest.mark.parametrize(
    ('values', 'expected'),
    [
        pytest.param(np.arange(101) / 100, (0.05, 0.95), id='a twentieth off each end'),
        pytest.param(np.array([0.3]), (0.3, 0.3), id='one'),
        pytest.param(np.array([np.nan, 0.2, 0.2]), (0.2, 0.2), id='resamples without objects are left out'),
        pytest.param(np.array([np.nan]), (np.nan, np.nan), id='nothing'),
    ],
)
def test_interval(values, expected):
    np.testing.assert_allclose(interval(values), expected)
