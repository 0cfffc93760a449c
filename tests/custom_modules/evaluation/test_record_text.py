"""Records written by compiled code: the bytes that ``%d`` and ``%.8g`` give."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_modules.evaluation.record_text import LINE, record_text


def _check(numbers, ids=None):
    """Compare rows of one number at each place; ids are 0 unless given."""
    numbers = np.array(numbers, np.float64)
    rows = np.stack([numbers] * 5, axis=1)
    ids = np.zeros(len(rows), np.int64) if ids is None else np.array(ids, np.int64)
    expected = [',\n' + LINE % (one, one, *row) + '}' for one, row in zip(ids.tolist(), rows.tolist(), strict=True)]
    assert record_text(ids, ids, rows[:, :4], rows[:, 4]) == ''.join(expected)


@pytest.mark.fast
@pytest.mark.parametrize(
    'number',
    [
        pytest.param(number, id=str(number))
        for number in (0.0, -0.0, 1.0, 10.0, 1024.0, 99999999.0, 123.4, -123.4, 0.1, 0.05, 0.0001, 1e-5, 1.5e-12, 1e-14)
    ],
)
def test_usual_numbers(number):
    _check([number])


@pytest.mark.parametrize(
    'number',
    [
        pytest.param(99999999.4, id='rounded down below 1e8'),
        pytest.param(99999999.5, id='rounded up to 1e8'),
        pytest.param(9.99999999, id='rounded up to the next power'),
        pytest.param(9.99999999e-5, id='rounded up to 0.0001'),
        pytest.param(0.123456785, id='half way'),
        pytest.param(1234567.25, id='half way, exactly'),
        pytest.param(1e8, id='large'),
        pytest.param(1.7e308, id='largest'),
        pytest.param(5e-324, id='smallest'),
    ],
)
def test_numbers_at_the_edges(number):
    _check([1.5, number, 2.5])


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(numbers=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_any_number(numbers):
    _check(numbers)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(seed=st.integers(0, 2**32), power=st.integers(-15, 9), digits=st.integers(1, 10))
def test_numbers_of_few_digits(seed, power, digits):
    rng = np.random.default_rng(seed)
    _check([float(f'{number:.{digits}g}') for number in rng.random(50) * 10.0**power])


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(ids=st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=10))
def test_any_id(ids):
    _check([0.5] * len(ids), ids)


def test_no_records():
    _check([])
