"""Regions cut out of label maps and pasted into others, worked out by hand."""

import numpy as np
import pytest

from custom_modules.transforms.blobs import Blob, cut_blob, paste_blob
from tests.custom_modules.transforms.label_pictures import picture

pytestmark = pytest.mark.fast


SCENE = [
    '1000000',
    '0011000',
    '0001001',
    '0####11',
    '0110000',
]


def cut_all(scene: list[str], label: int, **options) -> set[tuple]:
    """Where the regions start that come up in many draws."""
    np.random.seed(0)
    blobs = [cut_blob(picture(scene), label, **options) for _ in range(60)]
    return {(*blob.pixels[0, 0, :2].tolist(), int(blob.mask.sum())) for blob in blobs if blob is not None}


@pytest.mark.parametrize(
    ('options', 'expected'),
    [({}, {(1, 2, 3)}), ({'min_pixels': 3}, {(1, 2, 3)}), ({'min_pixels': 4}, set())],
    ids=str,
)
def test_regions_inside_come_before_those_at_the_border(options, expected):
    assert cut_all(SCENE, 1, **options) == expected


def test_regions_at_the_border_come_where_there_are_no_others():
    scene = [SCENE[0], '0000000', '0000001', *SCENE[3:]]
    assert cut_all(scene, 1) == {(0, 0, 1), (2, 5, 3), (4, 1, 2)}
    assert cut_all(scene, 1, min_pixels=2) == {(2, 5, 3), (4, 1, 2)}


@pytest.mark.parametrize('scene', [['###', '###'], ['000', '000'], ['#']], ids=['ignored', 'background', 'one pixel'])
def test_a_class_that_is_not_there_gives_nothing(scene):
    assert cut_blob(picture(scene), 1) is None


def test_a_region_is_cut_with_its_pixels():
    blob = cut_blob(picture(SCENE), 1)
    assert blob.mask.tolist() == [[True, True], [False, True]] and blob.label == 1
    assert blob.pixels[..., 0].tolist() == [[1, 1], [2, 2]] and blob.pixels[..., 1].tolist() == [[2, 3], [2, 3]]


def test_pixels_that_touch_at_a_corner_belong_together():
    blob = cut_blob(picture(['0000', '0100', '0010', '0000']), 1)
    assert blob.mask.tolist() == [[True, False], [False, True]]


BLOB = Blob(np.full((2, 2, 3), 200, np.uint8), np.array([[True, True], [False, True]]), 2)


def test_pasting_changes_what_the_blob_covers_and_nothing_else():
    before = picture(SCENE)
    after = paste_blob(before, BLOB, 1, 3)
    changed = np.zeros((5, 7), bool)
    changed[3, 1:3] = changed[4, 2] = True
    np.testing.assert_array_equal((after['img'] == 200).all(axis=-1), changed)
    np.testing.assert_array_equal(after['img'][~changed], before['img'][~changed])
    np.testing.assert_array_equal(after['gt_seg_map'], np.where(changed, 2, before['gt_seg_map']))
    np.testing.assert_array_equal(before['gt_seg_map'], picture(SCENE)['gt_seg_map'])  # the old one is as it was
    np.testing.assert_array_equal(before['img'], picture(SCENE)['img'])


def test_pasting_only_where_it_is_allowed():
    before = picture(SCENE)
    after = paste_blob(before, BLOB, 1, 3, on=before['gt_seg_map'] != 255)
    assert [tuple(place) for place in np.argwhere(after['gt_seg_map'] == 2)] == [(4, 2)]


def test_mirroring():
    blob = Blob(np.arange(12, dtype=np.uint8).reshape(2, 2, 3), BLOB.mask, 2).flipped()
    assert blob.mask.tolist() == [[True, True], [True, False]] and blob.label == 2
    assert blob.pixels[..., 0].tolist() == [[3, 0], [9, 6]]


@pytest.mark.parametrize(
    ('factor', 'shape', 'pixels'), [(1.0, (2, 2), 3), (2.0, (4, 4), 12), (0.5, (1, 1), 1), (0.01, (1, 1), 1)], ids=str
)
def test_resizing(factor, shape, pixels):
    blob = BLOB.resized(factor)
    assert blob.mask.shape == blob.pixels.shape[:2] == shape
    assert blob.mask.dtype == bool and blob.mask.sum() == pixels and blob.pixels.dtype == np.uint8
