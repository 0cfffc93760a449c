"""The one-step block does what the long-hand pipeline does."""

import numpy as np
import pytest
from mmdet.registry import TRANSFORMS
from mmengine.registry import DefaultScope

SQUARES, WIDE, TALL, CROP = [60, 80, 120], [(120, 70)], [(70, 120), (50, 90)], (40, 70)


def long_hand(crop_prob: float) -> dict:
    scales = [(side, side) for side in SQUARES]
    fit = {'type': 'RandomChoiceResize', 'scales': scales, 'keep_ratio': True}
    cut = {'type': 'RandomCrop', 'crop_type': 'absolute_range', 'crop_size': CROP, 'allow_negative_crop': True}
    stretch = {'type': 'RandomChoiceResize', 'scales': scales + WIDE + TALL, 'keep_ratio': False}
    return {'type': 'RandomChoice', 'transforms': [[stretch], [fit, cut, fit]], 'prob': [1 - crop_prob, crop_prob]}


def block(**changes) -> dict:
    return {'type': 'MultiScaleResize', 'squares': SQUARES, 'wide': WIDE, 'tall': TALL, 'crop': CROP, **changes}


def results_of(config: dict, picture: dict, seed: int) -> dict:
    np.random.seed(seed)
    with DefaultScope.overwrite_default_scope('mmdet'):
        return TRANSFORMS.build(config)(picture)


@pytest.mark.fast
@pytest.mark.parametrize('crop_prob', [0.5, 0.2], ids=['half', 'seldom'])
def test_same_draws_give_the_same_as_the_long_hand_pipeline(make_picture, crop_prob):
    shapes = set()
    for seed in range(25):
        ours = results_of(block(crop_prob=crop_prob), make_picture(), seed)
        theirs = results_of(long_hand(crop_prob), make_picture(), seed)
        np.testing.assert_array_equal(ours['img'], theirs['img'])
        np.testing.assert_array_equal(ours['gt_bboxes'].tensor, theirs['gt_bboxes'].tensor)
        np.testing.assert_array_equal(ours['gt_masks'].to_ndarray(), theirs['gt_masks'].to_ndarray())
        assert ours['gt_ignore_flags'].tolist() == theirs['gt_ignore_flags'].tolist()
        shapes.add(ours['img'].shape)
    assert len(shapes) > 5


@pytest.mark.fast
@pytest.mark.parametrize(('crop_prob', 'is_stretched'), [(0.0, True), (1.0, False)], ids=['stretch', 'crop'])
def test_branches_can_be_switched_off(make_picture, crop_prob, is_stretched):
    sizes = {results_of(block(crop_prob=crop_prob), make_picture(), seed)['img'].shape[1::-1] for seed in range(30)}
    listed = {(side, side) for side in SQUARES} | {*WIDE, *TALL}
    assert (sizes == listed) is is_stretched


@pytest.mark.fast
def test_masks_stay_on_their_pixels(make_picture, assert_aligned):
    for seed in range(10):
        assert_aligned(results_of(block(), make_picture((0,)), seed))


@pytest.mark.fast
def test_no_squares_is_told():
    with pytest.raises(ValueError, match='squares is empty'):
        TRANSFORMS.build({'type': 'MultiScaleResize', 'squares': []})


@pytest.mark.fast
@pytest.mark.parametrize('prob', [-0.1, 1.5])
def test_a_probability_that_is_none_is_told(prob):
    with pytest.raises(ValueError, match=f'crop_prob is {prob}; give a number from 0 to 1'):
        TRANSFORMS.build(block(crop_prob=prob))
