"""Quotas, class shares and the dealing out of objects to pictures."""

from collections import Counter

import numpy as np
import pytest

from custom_modules.datasets.synthetic import CLASSES, plan_split
from custom_modules.datasets.synthetic.plan import REAL_SHARES, class_shares, quotas, stream
from custom_modules.utils import UserError

pytestmark = pytest.mark.fast


def class_counts(seed: int, split: str, pictures: int, frequencies: str) -> list[int]:
    counts = Counter(item.label for picture in plan_split(seed, split, pictures, frequencies) for item in picture)
    return [counts[label] for label in range(len(CLASSES))]


@pytest.mark.parametrize(
    ('total', 'shares', 'expected'),
    [
        pytest.param(10, [1, 1], [5, 5], id='even'),
        # 7 * (0.5, 0.3, 0.2) = 3.5, 2.1, 1.4: the odd one goes to the remainder 0.5
        pytest.param(7, [0.5, 0.3, 0.2], [4, 2, 1], id='largest-remainder'),
        pytest.param(2, [1, 1, 1], [1, 1, 0], id='fewer-than-classes'),
        pytest.param(0, [0.3, 0.7], [0, 0], id='nothing'),
        pytest.param(5, [1.0], [5], id='single'),
    ],
)
def test_quotas(total, shares, expected):
    assert quotas(total, np.array(shares)).tolist() == expected


@pytest.mark.parametrize('frequencies', ['real', 'flat', 'sqrt'])
def test_shares_sum_to_one(frequencies):
    assert class_shares(frequencies).sum() == pytest.approx(1)


def test_sqrt_shares_follow_the_roots_above_the_least_share():
    shares = dict(zip(CLASSES, class_shares('sqrt'), strict=True))
    assert shares['Battery'] == shares['Clothing'] == 0.06
    assert min(shares.values()) == 0.06
    # sqrt(0.27 / 0.17) = 1.26
    assert shares['Paper'] / shares['General trash'] == pytest.approx((0.27 / 0.17) ** 0.5)


def test_unknown_frequencies_are_refused():
    with pytest.raises(UserError, match='real, flat, sqrt'):
        class_shares('cubic')


def test_real_frequencies_are_met_to_one_object():
    counts = class_counts(0, 'train', 400, 'real')
    for name, count in zip(CLASSES, counts, strict=True):
        assert abs(count - REAL_SHARES[name] / sum(REAL_SHARES.values()) * sum(counts)) <= 1


@pytest.mark.parametrize('seed', [0, 1, 99])
def test_demo_setting_has_enough_of_each_class(seed):
    assert min(class_counts(seed, 'train', 240, 'sqrt')) >= 40
    assert min(class_counts(seed, 'val', 60, 'sqrt')) >= 8


def test_pictures_hold_one_to_seven_objects():
    sizes = [len(picture) for picture in plan_split(0, 'train', 240, 'sqrt')]
    assert (min(sizes), np.median(sizes), max(sizes)) == (1, 3, 7)
    assert np.mean(sizes) == pytest.approx(3.5, abs=0.02)


def test_plan_depends_on_seed_and_split_only():
    assert plan_split(1, 'train', 30, 'sqrt') == plan_split(1, 'train', 30, 'sqrt')
    assert plan_split(1, 'train', 30, 'sqrt') != plan_split(2, 'train', 30, 'sqrt')
    assert plan_split(1, 'train', 30, 'sqrt') != plan_split(1, 'val', 30, 'sqrt')


def test_streams_differ_between_pictures_splits_and_seeds():
    keys = [(0, 'train', 0), (0, 'train', 1), (0, 'val', 0), (0, 'test', 0), (1, 'train', 0), (0, 'train', -1)]
    draws = {float(stream(*key).random()) for key in keys}
    assert len(draws) == len(keys)
