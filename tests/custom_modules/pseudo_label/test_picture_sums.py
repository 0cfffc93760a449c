import numpy as np
import pytest

from custom_modules.pseudo_label.bounds import precision_lower_bound
from custom_modules.pseudo_label.picture_sums import PictureSums


def sums_of(total, right):
    sums = PictureSums(())
    for pair in zip(total, right, strict=True):
        sums.add(*pair)
    return sums


def test_by_hand():
    """Two pictures of 100, 90 and 70 right, and one of 100 all wrong: 160 of 300.

    Residuals 90 - 53.33, 70 - 53.33 and -53.33; their squares add up to 1344.4 + 277.8 + 2844.4 = 4466.7; times 3 / 2
    and divided by 300 squared 0.07444, of which the root is 0.27285; t of two degrees at 0.9 is 1.8856.
    """
    sums = sums_of([100, 100, 0], [90, 70, 0])
    assert (int(sums.pictures), float(sums.precision), float(sums.effective_pictures)) == (2, 0.8, 2)
    assert sums.lower_bound(0.9) == pytest.approx(160 / 300 - 1.8856 * 0.27285, abs=1e-4)


@pytest.mark.parametrize('count', [11, 30, 100])
def test_pictures_that_are_all_right_are_bounded_as_boxes_are(count):
    assert sums_of([500] * count, [500] * count).lower_bound(0.9) == pytest.approx(
        precision_lower_bound(count, count, 0.9), abs=0.015
    )


@pytest.mark.parametrize(
    ('less', 'more'),
    [
        pytest.param(([100] * 20, [80] * 20), ([100] * 20, [90] * 20), id='more right'),
        pytest.param(([100] * 5, [90] * 5), ([100] * 20, [90] * 20), id='more pictures'),
        pytest.param(([100] * 20, [80, 100] * 10), ([100] * 20, [90] * 20), id='more alike'),
        pytest.param(([1900, *[5] * 20], [1710, *[4.5] * 20]), ([95] * 21, [85.5] * 21), id='sizes more alike'),
        pytest.param(([100] * 20, [90] * 20), ([100] * 40, [90] * 40), id='twice as many'),
    ],
)
def test_what_makes_it_surer(less, more):
    assert sums_of(*less).lower_bound() < sums_of(*more).lower_bound()


def test_nothing():
    assert (float(sums_of([], []).lower_bound()), float(sums_of([5], [0]).lower_bound())) == (0, 0)


def test_it_keeps_its_confidence():
    """Precisions of 0.8 that differ from picture to picture, on 20 pictures of very different sizes."""
    generator, kept = np.random.default_rng(0), 0
    for _ in range(400):
        sizes = np.exp(generator.normal(0, 1.5, 20)) * 1000
        kept += sums_of(sizes, sizes * generator.beta(0.8, 0.2, 20)).lower_bound(0.9) <= 0.8
    assert kept / 400 >= 0.9
