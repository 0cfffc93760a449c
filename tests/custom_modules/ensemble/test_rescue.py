"""Small objects that the members agree on come back, and nothing else does."""

import numpy as np
import pytest

from custom_modules.ensemble import CrfParams, RescueParams, dense_crf, rescue_small_objects

pytestmark = pytest.mark.fast

PARAMS = RescueParams(max_area=6, min_area=2, min_agreement=0.6)


def parse(text: str) -> np.ndarray:
    """Read a label map, one character a pixel; a dot is Background and an x 255."""
    values = {'.': 0, '1': 1, '2': 2, 'x': 255}
    return np.array([[values[char] for char in row] for row in text.split()], np.uint8)


@pytest.mark.parametrize(
    ('refined', 'members', 'expected'),
    [
        pytest.param('.... ....', ['11.. ....', '11.. ....', '.... ....'], '11.. ....', id='two-of-three'),
        pytest.param('.... ....', ['11.. ....', '.... ....', '.... ....'], '.... ....', id='one-of-three'),
        pytest.param('.... ....', ['1... ....', '1... ....', '1... ....'], '.... ....', id='too-small'),
        pytest.param('.... ....', ['1111 1111'] * 3, '.... ....', id='too-large'),
        pytest.param('.... ....', ['1111 11..'] * 3, '1111 11..', id='just-small-enough'),
        pytest.param('2222 2222', ['2112 2222'] * 3, '2112 2222', id='over-another-class'),
        pytest.param('.... ....', ['11.. 22..'] * 3, '11.. 22..', id='two-classes'),
        pytest.param('.... ....', ['1... .1..'] * 3, '1... .1..', id='corners-touch'),
        pytest.param('.... ....', ['1.1. ....'] * 3, '.... ....', id='apart'),
        pytest.param('1... ....', ['11.. ....'] * 3, '1... ....', id='half-is-still-there'),
        pytest.param('.... ..11', ['11.. ....'] * 3, '11.. ..11', id='there-elsewhere'),
        pytest.param('22.. ....', ['.... ....'] * 3, '22.. ....', id='background-is-no-object'),
        pytest.param('.... ....', ['11.. ....', '.11. ....', '.1.. ....'], '.... ....', id='all-agree-on-one-pixel'),
        pytest.param('.... ....', ['111. ....', '.11. ....', '.... ....'], '.11. ....', id='where-they-agree'),
        pytest.param('.... ....', ['11.. ....', '22.. ....', '12.. ....'], '.... ....', id='each-for-another'),
        pytest.param('.... ....', ['xx.. ....'] * 3, '.... ....', id='ignored-is-no-class'),
        pytest.param('xx.. ....', ['11.. ....'] * 3, '11.. ....', id='over-ignored'),
        pytest.param('.... ....', ['11.. ....'], '11.. ....', id='one-member'),
    ],
)
def test_what_comes_back(refined, members, expected):
    refined, members = parse(refined), [parse(member) for member in members]
    before = refined.copy()
    found = rescue_small_objects(refined, members, PARAMS)
    np.testing.assert_array_equal(found, parse(expected))
    assert found.dtype == np.uint8 and found is not refined
    np.testing.assert_array_equal(refined, before)


@pytest.mark.parametrize(
    ('weights', 'min_agreement', 'expected'),
    [
        pytest.param(None, 2 / 3, '11..', id='two-thirds-exactly'),
        pytest.param([1, 1, 1], 0.67, '....', id='a-little-more'),
        pytest.param([1, 1, 2], 0.5, '11..', id='equal-goes-to-the-lower'),
        pytest.param([1, 1, 2.1], 0.5, '22..', id='the-heavier'),
        pytest.param([0, 1, 1], 0.6, '....', id='without-the-first'),
        pytest.param([3, 0, 0], 1, '11..', id='one-alone'),
        pytest.param([0.1, 0.2, 0.7], 0.7, '22..', id='rounding'),
        pytest.param([7, 7, 14], 0.3, '11..', id='less-than-half-will-do'),
    ],
)
def test_weights(weights, min_agreement, expected):
    members = [parse('11..'), parse('11..'), parse('22..')]
    params = RescueParams(max_area=6, min_area=2, min_agreement=min_agreement)
    np.testing.assert_array_equal(rescue_small_objects(parse('....'), members, params, weights), parse(expected))


@pytest.mark.parametrize(('max_kept', 'comes_back'), [(0, False), (0.24, False), (0.25, True), (0.5, True)])
def test_a_rest_may_be_there_still(max_kept, comes_back):
    """One of four pixels is."""
    params = RescueParams(max_area=6, min_area=2, min_agreement=0.6, max_kept=max_kept)
    found = rescue_small_objects(parse('1... ....'), [parse('11.. 11..')] * 2, params)
    np.testing.assert_array_equal(found, parse('11.. 11..' if comes_back else '1... ....'))


def test_after_a_crf_an_object_comes_back_and_noise_does_not():
    """A can of 3 x 3 pixels that hardly differs from the ground, and a noisy pixel of each model."""
    rng = np.random.default_rng(0)
    picture = np.full((32, 32, 3), 120, np.uint8)
    picture[8:11, 8:11] = 124
    members = np.zeros((3, 32, 32), np.uint8)
    members[:, 8:11, 8:11] = 2
    for member in members:
        member[tuple(rng.integers(16, 32, 2))] = 1
    members[:, 20, 5] = 1  # all see one pixel
    votes = (members[:, None] == np.arange(3)[:, None, None]).mean(axis=0)
    probs = (0.7 * votes + 0.1).astype(np.float32)
    assert len(np.unique(probs.argmax(axis=0))) == 3
    refined = dense_crf(probs, picture, CrfParams(), backend='torch').argmax(axis=0).astype(np.uint8)
    assert not refined.any()
    rescued = rescue_small_objects(refined, list(members), RescueParams(max_area=50, min_area=5))
    assert (rescued[8:11, 8:11] == 2).all() and (rescued > 0).sum() == 9


def test_it_is_what_a_plain_loop_gives():
    """Flood fill by hand on random maps of four classes."""
    rng = np.random.default_rng(1)
    members = [np.kron(rng.integers(0, 4, (6, 6)), np.ones((2, 2))).astype(np.uint8) for _ in range(4)]
    members = [np.where(rng.random((12, 12)) < 0.5, members[0], member) for member in members]
    refined = np.where(rng.random((12, 12)) < 0.2, members[0], 0).astype(np.uint8)
    params = RescueParams(max_area=9, min_area=2, min_agreement=0.5, max_kept=0.25)
    expected = plain_rescue(refined, members, params)
    assert 0 < (expected != refined).sum() < 100
    np.testing.assert_array_equal(rescue_small_objects(refined, members, params), expected)


def plain_rescue(refined, members, params):
    counts = [sum(member == label for member in members) for label in range(4)]
    counts[0] = np.zeros_like(counts[0])
    agreed = np.where(np.max(counts, axis=0) >= params.min_agreement * len(members), np.argmax(counts, axis=0), 0)
    rescued, todo = refined.copy(), {tuple(at) for at in np.argwhere(agreed)}
    while todo:
        region, front = [], [todo.pop()]
        while front:
            at = front.pop()
            region.append(at)
            for near in [other for other in todo if max(abs(other[0] - at[0]), abs(other[1] - at[1])) == 1]:
                if agreed[near] == agreed[at]:
                    todo.remove(near)
                    front.append(near)
        kept = sum(refined[at] == agreed[region[0]] for at in region)
        if params.min_area <= len(region) <= params.max_area and kept <= params.max_kept * len(region):
            for at in region:
                rescued[at] = agreed[at]
    return rescued


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        pytest.param({'min_area': 0}, '1 <= min_area <= max_area, not min_area 0, max_area 1000', id='no-area'),
        pytest.param({'min_area': 9, 'max_area': 8}, 'not min_area 9, max_area 8', id='wrong-order'),
        pytest.param({'min_agreement': 0}, 'min_agreement must be above 0 and up to 1, not 0', id='no-agreement'),
        pytest.param({'min_agreement': 1.1}, r'up to 1, not 1\.1', id='percent'),
        pytest.param({'min_agreement': float('nan')}, 'up to 1, not nan', id='nan'),
        pytest.param({'max_kept': 1}, 'max_kept must be from 0 to below 1, not 1', id='all-kept'),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        RescueParams(**settings)


MAP = np.zeros((2, 3), np.uint8)


@pytest.mark.parametrize(
    ('refined', 'members', 'weights', 'message'),
    [
        pytest.param(MAP, [], None, 'there must be a member at least', id='no-members'),
        pytest.param(MAP, [MAP, MAP[:1]], None, r'member 1 is \(1, 3\), refined is \(2, 3\)', id='sizes'),
        pytest.param(MAP, [MAP.astype(int)], None, r'member 0 must be .* uint8, not int64 \(2, 3\)', id='integers'),
        pytest.param(MAP[None], [MAP], None, r'refined must be \(H, W\) uint8, not uint8 \(1, 2, 3\)', id='dimensions'),
        pytest.param(MAP.tolist(), [MAP], None, 'refined must be .*, not list', id='list'),
        pytest.param(MAP, [MAP, MAP], [1], '1 weights for 2 members', id='too-few-weights'),
        pytest.param(MAP, [MAP, MAP], [1, -1], r'from 0 on and not all 0, not \[1, -1\]', id='negative'),
        pytest.param(MAP, [MAP, MAP], [0, 0], 'not all 0', id='zeros'),
        pytest.param(MAP, [MAP, MAP], [1, float('nan')], 'not all 0', id='nan'),
    ],
)
def test_what_cannot_be_is_refused(refined, members, weights, message):
    with pytest.raises(ValueError, match=message):
        rescue_small_objects(refined, members, PARAMS, weights)
