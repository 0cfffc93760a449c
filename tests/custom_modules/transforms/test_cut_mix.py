"""A rectangle of another picture: its pixels and labels exactly, and nothing else changed."""

import numpy as np
import pytest

from custom_modules.transforms import CutMix
from tests.custom_modules.transforms.label_pictures import Pictures, mixed, picture

pytestmark = pytest.mark.fast

HERE = picture(['10#2'] * 6, number=0)
THERE = ['3#01'] * 6


def rectangle(changed: np.ndarray) -> tuple[int, int, int, int]:
    """The smallest rectangle around what is set: top, bottom, left, right."""
    rows, columns = np.nonzero(changed)
    return rows.min(), rows.max() + 1, columns.min(), columns.max() + 1


def test_the_rectangle_is_exact():
    dataset, step, sizes = Pictures(THERE), CutMix(prob=1.0), set()
    dataset.pictures[0]['img'][..., 2] = 9
    np.random.seed(0)
    for _ in range(100):
        results = mixed(step, HERE, dataset)
        changed = results['img'][..., 2] == 9
        if changed.any():
            top, bottom, left, right = rectangle(changed)
            assert changed[top:bottom, left:right].all()
        for key in ('img', 'gt_seg_map'):
            np.testing.assert_array_equal(results[key][changed], dataset[0][key][changed])
            np.testing.assert_array_equal(results[key][~changed], HERE[key][~changed])
        sizes.add(int(changed.sum()))
    assert {0, 24} & sizes and len(sizes) > 8  # from nothing to all


def test_share_of_the_area(monkeypatch):
    """Lambda 0.75 in the middle: a quarter of the area, half of each side."""
    monkeypatch.setattr(np.random, 'beta', lambda first, second: 0.75)
    monkeypatch.setattr(np.random, 'randint', lambda high: high // 2)
    dataset = Pictures(['3' * 8] * 12)
    changed = mixed(CutMix(prob=1.0), picture(['1' * 8] * 12), dataset)['gt_seg_map'] == 3
    assert rectangle(changed) == (3, 9, 2, 6) and changed.sum() == 24


def test_the_border_cuts_the_rectangle(monkeypatch):
    monkeypatch.setattr(np.random, 'beta', lambda first, second: 0.75)
    monkeypatch.setattr(np.random, 'randint', lambda high: 0)
    changed = mixed(CutMix(prob=1.0), picture(['1' * 8] * 12), Pictures(['3' * 8] * 12))['gt_seg_map'] == 3
    assert rectangle(changed) == (0, 3, 0, 2)


@pytest.mark.parametrize(
    ('here', 'there'),
    [((8, 8), (4, 4)), ((4, 4), (9, 9)), ((6, 3), (5, 40)), ((1, 1), (7, 7)), ((7, 7), (1, 1)), ((1, 30), (30, 1))],
    ids=str,
)
def test_pictures_of_other_sizes(here, there):
    dataset, target = Pictures(['3' * there[1]] * there[0]), picture(['1' * here[1]] * here[0])
    np.random.seed(0)
    for _ in range(40):
        results = mixed(CutMix(prob=1.0), target, dataset)
        assert results['gt_seg_map'].shape == here == results['img'].shape[:2]
        assert set(np.unique(results['gt_seg_map'])) <= {1, 3}
        assert results['gt_seg_map'].dtype == results['img'].dtype == np.uint8


def test_sizes_with_one_aspect_ratio_can_swap_everything(monkeypatch):
    monkeypatch.setattr(np.random, 'beta', lambda first, second: 0.0)
    monkeypatch.setattr(np.random, 'randint', lambda high: high // 2)
    results = mixed(CutMix(prob=1.0), picture(['1' * 8] * 4), Pictures(['2222333355556666'] * 8))
    assert results['gt_seg_map'].tolist() == [[2, 2, 3, 3, 5, 5, 6, 6]] * 4


def test_the_same_seed_mixes_the_same():
    dataset, found = Pictures(THERE, ['2222'] * 6), []
    for _ in range(2):
        np.random.seed(5)
        found.append([mixed(CutMix(), HERE, dataset)['gt_seg_map'].tolist() for _ in range(20)])
    assert found[0] == found[1] and HERE['gt_seg_map'].tolist() in found[0]


def test_no_mix_reads_no_other_picture():
    step = CutMix(prob=0.0)
    assert step.get_indices(Pictures(THERE)) == []
    assert step({**HERE, 'mix_results': []})['img'] is HERE['img']
