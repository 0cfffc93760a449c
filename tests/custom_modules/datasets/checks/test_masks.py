import math

import numpy as np
import pytest
from faster_coco_eval.core import mask as mask_api
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_modules.datasets.checks.masks import check_mask, is_polygon, mask_area, mask_box, polygon_area, rle_runs

SQUARE = [2, 2, 6, 2, 6, 6, 2, 6]


@pytest.mark.fast
@pytest.mark.parametrize(
    ('segmentation', 'expected'),
    [
        pytest.param(None, (None, 0, 0), id='null'),
        pytest.param([], (None, 0, 0), id='empty list'),
        pytest.param({}, (None, 0, 0), id='empty object'),
        pytest.param([SQUARE], ([SQUARE], 0, 0), id='polygon'),
        pytest.param([SQUARE, [1, 1, 2, 2]], ([SQUARE], 0, 1), id='second has two points'),
        pytest.param([SQUARE[:-1]], (None, 1, 0), id='odd'),
        pytest.param(SQUARE, (None, 1, 0), id='not in a list of its own'),
        pytest.param([[1, 1, 2, 2, 3, 3]], (None, 1, 0), id='no area'),
        pytest.param([[*SQUARE[:-1], math.nan]], (None, 1, 0), id='NaN'),
        pytest.param([[*SQUARE[:-1], 10**400]], (None, 1, 0), id='beyond floats'),
        pytest.param([[*SQUARE[:-1], 1e9]], (None, 1, 0), id='far outside'),
        pytest.param([[*SQUARE[:-1], True]], (None, 1, 0), id='boolean'),
        pytest.param([[*SQUARE[:-1], '6']], (None, 1, 0), id='text'),
        pytest.param([[[2, 2], [6, 2], [6, 6]]], (None, 1, 0), id='points as pairs'),
        pytest.param('mask', (None, 1, 0), id='neither list nor object'),
        pytest.param({'size': [8, 10], 'counts': [81]}, (None, 1, 0), id='too many pixels'),
        pytest.param({'size': [8, 10], 'counts': [70]}, (None, 1, 0), id='too few pixels'),
        pytest.param({'size': [8, 10], 'counts': [-1, 81]}, (None, 1, 0), id='negative run'),
        pytest.param({'size': [8, 10], 'counts': [80]}, (None, 1, 0), id='nothing in it'),
        pytest.param({'size': [8, 10], 'counts': []}, (None, 1, 0), id='no runs'),
        pytest.param({'size': [8, 10], 'counts': ''}, (None, 1, 0), id='no text'),
        pytest.param({'size': [8, 10], 'counts': 'P'}, (None, 1, 0), id='number not ended'),
        pytest.param({'size': [8, 10], 'counts': 'äö'}, (None, 1, 0), id='other letters'),
        pytest.param({'size': [8, 10], 'counts': 'o' * 40 + '0'}, (None, 1, 0), id='number too long'),
        pytest.param({'size': [8, 10], 'counts': 7}, (None, 1, 0), id='counts is a number'),
        pytest.param({'size': [10, 8], 'counts': [3, 2, 75]}, (None, 1, 0), id='sides swapped'),
        pytest.param({'size': [0, 0], 'counts': [0, 0]}, (None, 1, 0), id='size 0'),
        pytest.param({'counts': [80]}, (None, 1, 0), id='no size'),
        # 3, 2, 75 as characters: 48 + 3, 48 + 2, then 75 = 2 * 32 + 11: 48 + 32 + 11 and 48 + 2
        pytest.param(
            {'size': [8, 10], 'counts': [3, 2, 75]}, ({'size': [8, 10], 'counts': '32[2'}, 0, 0), id='uncompressed'
        ),
        pytest.param({'size': [8, 10], 'counts': '32[2'}, ({'size': [8, 10], 'counts': '32[2'}, 0, 0), id='compressed'),
    ],
)
def test_check_mask(segmentation, expected):
    assert check_mask(segmentation, 8, 10) == expected


@pytest.mark.parametrize(
    ('points', 'area'),
    [
        pytest.param([0, 0, 4, 0, 4, 3], 6.0, id='triangle'),
        pytest.param([4, 3, 4, 0, 0, 0], 6.0, id='other way round'),
        pytest.param([10.5, 1, 12.5, 1, 12.5, 4, 10.5, 4], 6.0, id='rectangle'),
        pytest.param([0, 0, 1, 1, 2, 2], 0.0, id='line'),
    ],
)
def test_polygon_area(points, area):
    assert polygon_area(points) == pytest.approx(area)


@pytest.mark.parametrize(('offset', 'expected'), [(0, True), (10, True), (11, False)], ids=str)
def test_polygon_may_leave_the_picture_by_its_size(offset, expected):
    assert is_polygon([0, 0, 10 + offset, 0, 0, 8], 8, 10) is expected


@pytest.mark.parametrize('density', [0.05, 0.5, 0.95])
@pytest.mark.parametrize('shape', [(1, 1), (1, 40), (40, 1), (33, 57)], ids=str)
def test_runs_area_and_box_agree_with_the_mask_library(shape, density):
    generator = np.random.default_rng(0)
    for _ in range(20):
        bitmap = (generator.random(shape) < density).astype(np.uint8)
        rle = mask_api.encode(np.asfortranarray(bitmap))
        rle['counts'] = rle['counts'].decode()
        runs = rle_runs({**rle, 'size': list(shape)}, *shape)
        drawn = np.repeat(np.arange(len(runs)) % 2, runs).reshape(shape, order='F')
        np.testing.assert_array_equal(drawn, bitmap)
        if bitmap.any():
            mask = check_mask({'size': list(shape), 'counts': runs.tolist()}, *shape)[0]
            assert mask['counts'] == rle['counts']
            assert mask_area(mask) == bitmap.sum()
            ys, xs = np.nonzero(bitmap)
            assert mask_box(mask) == [xs.min(), ys.min(), np.ptp(xs) + 1, np.ptp(ys) + 1]


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(counts=st.one_of(st.text(alphabet=[chr(code) for code in range(44, 116)], max_size=12), st.lists(st.integers())))
def test_accepted_runs_always_fill_the_picture(counts):
    runs = rle_runs({'size': [4, 5], 'counts': counts}, 4, 5)
    if runs is not None:
        assert runs.sum() == 20 and runs.min() >= 0
        mask_api.decode({'size': [4, 5], 'counts': counts}) if isinstance(counts, str) else None


@pytest.mark.parametrize(
    ('mask', 'box'),
    [
        pytest.param([[2, 3, 6, 3, 6, 8]], [2, 3, 4, 5], id='polygon'),
        pytest.param([[2, 3, 6, 3, 6, 8], [0, 9, 1, 9, 1, 10]], [0, 3, 6, 7], id='two polygons'),
    ],
)
def test_box_of_polygons(mask, box):
    assert mask_box(mask) == box
