"""Quarter turns and flips of pictures with every kind of mask."""

import numpy as np
import pytest
from mmdet.registry import TRANSFORMS

from custom_modules.transforms import RandomRotate90

# Of the polygon's box (10, 20, 50, 60) and the ignore region's (0, 0, 8, 8) in a picture of 100 x 80 px.
TURNED = {
    1: [[20, 50, 60, 90], [0, 92, 8, 100]],
    2: [[50, 20, 90, 60], [92, 72, 100, 80]],
    3: [[20, 10, 60, 50], [72, 0, 80, 8]],
}


@pytest.mark.fast
@pytest.mark.parametrize('quarters', [1, 2, 3])
def test_everything_turns_together(make_picture, assert_aligned, quarters):
    before = make_picture()
    expected = np.rot90(before['img'].copy(), quarters)
    results = RandomRotate90(prob=[float(quarters == k) for k in (1, 2, 3)])(before)
    np.testing.assert_array_equal(results['img'], expected)
    np.testing.assert_array_equal(results['gt_bboxes'].tensor[[0, 3]], TURNED[quarters])
    np.testing.assert_array_equal(results['gt_masks'].get_bboxes().tensor, results['gt_bboxes'].tensor)
    assert results['gt_masks'].has_mask.tolist() == [True, True, False, False]
    assert results['gt_ignore_flags'].tolist() == [False, False, False, True]
    assert_aligned(results)


@pytest.mark.fast
def test_rle_masks_turn_like_numpy(make_picture):
    masks = make_picture((1,))['gt_masks']
    for quarters in range(5):
        turned = masks.rot90(quarters)
        np.testing.assert_array_equal(turned.to_ndarray(), np.rot90(masks.to_ndarray(), quarters, (1, 2)))


@pytest.mark.fast
def test_class_maps_turn_too():
    results = {'img': np.zeros((2, 3, 3), np.uint8), 'gt_seg_map': np.array([[0, 1, 2], [3, 4, 5]])}
    results = RandomRotate90(prob=[1, 0, 0])(results)
    assert results['gt_seg_map'].tolist() == [[2, 5], [1, 4], [0, 3]]


@pytest.mark.fast
def test_how_often(make_picture):
    turn = RandomRotate90(prob=[0.1, 0.2, 0.3])
    np.random.seed(0)
    corners = [turn({'img': np.arange(4, dtype=np.uint8).reshape(2, 2, 1)})['img'][0, 0, 0] for _ in range(4000)]
    shares = np.bincount(corners, minlength=4) / 4000
    np.testing.assert_allclose(shares, [0.4, 0.1, 0.3, 0.2], atol=0.03)  # corner 1 comes first after one quarter


@pytest.mark.fast
@pytest.mark.parametrize('prob', [1.5, [0.5, 0.5], [0.5, 0.5, 0.5], [-0.1, 0.5, 0.5]], ids=str)
def test_wrong_probabilities(prob):
    with pytest.raises(ValueError, match='RandomRotate90: prob is'):
        RandomRotate90(prob=prob)


@pytest.mark.fast
@pytest.mark.parametrize(
    ('direction', 'box', 'ignored'),
    [
        ('horizontal', [50, 20, 90, 60], [92, 0, 100, 8]),
        ('vertical', [10, 20, 50, 60], [0, 72, 8, 80]),
        ('diagonal', [50, 20, 90, 60], [92, 72, 100, 80]),
    ],
)
def test_flips_keep_masks_right(make_picture, assert_aligned, direction, box, ignored):
    flip = TRANSFORMS.build({'type': 'mmdet.RandomFlip', 'prob': 1.0, 'direction': direction})
    results = flip(make_picture())
    np.testing.assert_array_equal(results['gt_bboxes'].tensor[[0, 3]], [box, ignored])
    np.testing.assert_array_equal(results['gt_masks'].get_bboxes().tensor, results['gt_bboxes'].tensor)
    assert results['gt_masks'].has_mask.tolist() == [True, True, False, False]
    assert_aligned(results)
