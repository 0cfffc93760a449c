"""Votes of masks: worked by hand, and against bitmaps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_modules.ensemble import vote_masks
from custom_modules.evaluation import decode_masks, encode_masks


def _vote(masks, scores, clusters=None):
    clusters = np.zeros(len(masks), np.int64) if clusters is None else np.array(clusters)
    rles = vote_masks(encode_masks(np.array(masks)), clusters, np.array(scores, float), clusters.max() + 1)
    return decode_masks(rles)


@pytest.mark.fast
@pytest.mark.parametrize(
    ('masks', 'scores', 'expected'),
    [
        pytest.param(['1100', '0110'], [0.6, 0.4], '1100', id='the better one of two'),
        pytest.param(['1100', '0110'], [0.5, 0.5], '1110', id='half is enough'),
        pytest.param(['1100', '0110', '0011'], [0.4, 0.3, 0.3], '0110', id='two of three'),
        pytest.param(['1100', '0110', '0011'], [0.8, 0.1, 0.1], '1100', id='one outweighs two'),
        pytest.param(['1100', '0000'], [0.4, 0.6], '0000', id='an empty one wins'),
        pytest.param(['0000', '0000'], [0.4, 0.6], '0000', id='all empty'),
        pytest.param(['1111', '1111', '1000'], [0.2, 0.2, 0.9], '1000', id='full ones lose'),
        pytest.param(['1100', '0110'], [0.0, 0.0], '1110', id='scores of 0 count alike'),
        pytest.param(['0101'], [0.3], '0101', id='a single one stays'),
    ],
)
def test_worked_by_hand(masks, scores, expected):
    pixels = [np.array([[digit == '1' for digit in mask]]) for mask in masks]
    np.testing.assert_array_equal(_vote(pixels, scores)[0, 0], [digit == '1' for digit in expected])


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(seed=st.integers(0, 2**32), num_masks=st.integers(1, 8), height=st.integers(1, 9), width=st.integers(1, 9))
def test_the_pixels_with_half_of_the_scores(seed, num_masks, height, width):
    rng = np.random.default_rng(seed)
    masks, scores = rng.random((num_masks, height, width)) < rng.random(), rng.integers(1, 6, num_masks)
    clusters = np.unique(rng.integers(0, 3, num_masks), return_inverse=True)[1]
    found = _vote(masks, scores, clusters)
    for cluster in range(clusters.max() + 1):
        mine = clusters == cluster
        votes = (masks[mine] * scores[mine, None, None]).sum(axis=0)
        np.testing.assert_array_equal(found[cluster], 2 * votes >= scores[mine].sum())


def test_the_result_is_what_the_encoder_gives():
    masks = np.zeros((2, 5, 6), bool)
    masks[0, :, :4], masks[1, :, 2:] = True, True  # begin at the first pixel, end at the last
    assert vote_masks(encode_masks(masks), np.zeros(2, int), np.ones(2), 1) == encode_masks(masks.any(0)[None])


def test_masks_of_different_sizes_are_refused():
    rles = encode_masks(np.ones((1, 2, 3), bool)) + encode_masks(np.ones((1, 3, 2), bool))
    with pytest.raises(ValueError, match='size'):
        vote_masks(rles, np.zeros(2, int), np.ones(2), 1)
