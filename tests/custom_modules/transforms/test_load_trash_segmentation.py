import numpy as np
import pytest

from custom_modules.transforms import LoadTrashSegmentation
from custom_modules.utils import UserError

BOX = [np.array([0, 0, 3, 0, 3, 2, 0, 2], float)]
DOT = [np.array([1, 1, 2, 1, 2, 2, 1, 2], float)]


def picture(name='a.jpg', masks=(BOX, DOT)) -> dict:
    instances = [
        {'mask': mask, 'bbox': [0, 0, 1, 1], 'bbox_label': label, 'ignore_flag': 0, 'ann_id': 10 - label}
        for label, mask in enumerate(masks)
    ]
    return {'img_path': name, 'height': 3, 'width': 4, 'instances': instances, 'seg_fields': []}


@pytest.mark.parametrize(
    ('order', 'expected'),
    [('area', [[1, 1, 1, 0], [1, 2, 1, 0], [0, 0, 0, 0]]), ('id', [[1, 1, 1, 0], [1, 1, 1, 0], [0, 0, 0, 0]])],
)
def test_orders(order, expected):
    results = LoadTrashSegmentation(order=order)(picture())
    assert results['gt_seg_map'].tolist() == expected
    assert results['seg_fields'] == ['gt_seg_map']


def test_cache_gives_equal_maps_that_can_be_written_to():
    load = LoadTrashSegmentation(cache_mb=1)
    first = load(picture())['gt_seg_map'].copy()
    again = load(picture(masks=()))['gt_seg_map']  # found by its name
    np.testing.assert_array_equal(again, first)
    again[:] = 9
    np.testing.assert_array_equal(load(picture(masks=()))['gt_seg_map'], first)


def test_cache_drops_what_was_not_used_for_longest():
    load = LoadTrashSegmentation(cache_mb=60 / 2**20)  # two maps of about twenty bytes
    for name in ('a', 'b', 'a', 'c', 'd'):
        load(picture(name))
    kept = list(load._cache.kept)
    assert kept[-1] == 'd' and 'b' not in kept and load._cache.room >= 0


def test_a_cache_too_small_for_anything_still_loads():
    load = LoadTrashSegmentation(cache_mb=1 / 2**20)
    assert load(picture())['gt_seg_map'].sum() == 7 and not load._cache.kept


def test_mistakes_are_told():
    with pytest.raises(UserError, match="order is 'size'; give one of area, id"):
        LoadTrashSegmentation(order='size')
    with pytest.raises(UserError, match='cache_mb is -1'):
        LoadTrashSegmentation(cache_mb=-1)
    wrong = picture(masks=({'size': [3, 5], 'counts': [15]},))
    with pytest.raises(UserError, match=r'^a\.jpg: .*; run tools/check_data\.py'):
        LoadTrashSegmentation()(wrong)
