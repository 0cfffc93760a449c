"""Lower confidence bounds of a share."""

import numpy as np
import pytest
from scipy.stats import binom

from custom_modules.pseudo_label.bounds import bound_reaches, precision_lower_bound


@pytest.mark.parametrize(
    ('right', 'total', 'confidence', 'bound'),
    [
        pytest.param(8, 10, 0.975, 0.4439, id='8-of-10'),  # tables of Clopper and Pearson
        pytest.param(10, 10, 0.9, 0.1**0.1, id='all'),
        pytest.param(1, 1, 0.9, 0.1, id='one'),
        pytest.param(0, 5, 0.9, 0.0, id='none'),
        pytest.param(0, 0, 0.9, 0.0, id='no-boxes'),
    ],
)
def test_known_bounds(right, total, confidence, bound):
    assert precision_lower_bound(right, total, confidence) == pytest.approx(bound, abs=5e-5)


def test_keeps_its_confidence():
    """Whatever the true precision is, the bound lies above it in at most a tenth of all samples."""
    right = np.arange(31)
    bounds = precision_lower_bound(right, 30, 0.9)
    for true in np.linspace(0.02, 0.98, 49):
        assert binom.pmf(right, 30, true)[bounds > true].sum() <= 0.1 + 1e-12


def test_reaching_is_the_same_as_comparing():
    total = np.repeat(np.arange(1, 60), 60)
    right = np.minimum(np.tile(np.arange(60), 59), total)
    reached = bound_reaches(right, total, 0.7, 0.9)
    assert (reached == (precision_lower_bound(right, total, 0.9) >= 0.7)).all()
    assert 0 < reached.sum() < len(reached)
