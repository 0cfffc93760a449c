"""What pasting an object does to those below it, worked out by hand."""

import numpy as np
import pytest

from custom_modules.transforms.paste_objects import cut_object, paste_objects


def pasted(picture: dict, items: list, corners: list, max_hidden: float = 0.7) -> tuple[dict, list[int]]:
    results, kept = paste_objects(picture, items, corners, max_hidden=max_hidden)
    return results, kept.tolist()


@pytest.fixture
def square(make_picture):
    """A square of 40 x 40 px of class 0."""
    return cut_object(make_picture(), 0)


@pytest.mark.fast
def test_cutting_out(make_picture, square):
    assert square.pixels.shape == (40, 40, 3) and (square.pixels == 40).all()
    assert square.mask.to_ndarray().sum() == 1600 and square.label == 0
    rectangle = cut_object(make_picture(), 1).resized(0.5)
    assert rectangle.pixels.shape == (10, 15, 3) and rectangle.mask.to_ndarray().sum() == 150
    hidden = make_picture((1,))
    hidden['gt_masks'] = hidden['gt_masks'].crop(np.array([0, 0, 50, 80]))
    assert cut_object(hidden, 0) is None


@pytest.mark.fast
def test_onto_a_free_place(make_picture, square, assert_aligned):
    results, kept = pasted(make_picture((2, 3)), [square], [(20, 40)])
    assert kept == [0, 1, 2]
    np.testing.assert_array_equal(results['gt_bboxes'].tensor, [[70, 50, 90, 70], [0, 0, 8, 8], [20, 40, 60, 80]])
    assert results['gt_bboxes_labels'].tolist() == [2, 0, 0]
    assert results['gt_masks'].has_mask.tolist() == [False, False, True]
    assert results['gt_ignore_flags'].tolist() == [False, True, False]
    assert (results['img'][40:, 20:60] == 40).all() and (results['img'][:40, :60] == 200).all()
    assert_aligned(results)


@pytest.mark.fast
def test_what_is_hidden_is_cut_from_masks_and_boxes(make_picture, square, assert_aligned):
    """Over columns 30 to 70 and rows 20 to 60: half of the square below, 100 of the rectangle's 600 pixels."""
    results, kept = pasted(make_picture(), [square], [(30, 20)])
    assert kept == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(
        results['gt_bboxes'].tensor,
        [[10, 20, 30, 60], [60, 10, 90, 30], [70, 50, 90, 70], [0, 0, 8, 8], [30, 20, 70, 60]],
    )
    assert results['gt_masks'].areas[[0, 1, 4]].tolist() == [800, 500, 1600]
    assert results['gt_masks'].has_mask.tolist() == [True, True, False, False, True]
    assert_aligned(results)


@pytest.mark.fast
@pytest.mark.parametrize(('max_hidden', 'kept'), [(0.49, [1, 2, 3, 4]), (0.51, [0, 1, 2, 3, 4])], ids=str)
def test_objects_hidden_by_more_than_the_threshold_are_dropped(make_picture, square, max_hidden, kept):
    assert pasted(make_picture(), [square], [(30, 20)], max_hidden)[1] == kept


@pytest.mark.fast
def test_an_object_without_a_mask_counts_as_filling_its_box(make_picture, square):
    picture = make_picture((2,))
    small = square.resized(0.5)
    results, kept = pasted(picture, [small], [(80, 50)])
    np.testing.assert_array_equal(results['gt_bboxes'].tensor, [[70, 50, 80, 70], [80, 50, 100, 70]])
    np.testing.assert_array_equal(results['gt_masks'].get_bboxes().tensor, results['gt_bboxes'].tensor)
    assert results['gt_masks'].has_mask.tolist() == [False, True] and kept == [0, 1]
    assert pasted(picture, [small], [(70, 50)])[1] == [1]


@pytest.mark.fast
def test_ignore_regions_go_only_when_nothing_is_left(make_picture, square):
    picture = make_picture((3,))
    results, kept = pasted(picture, [square], [(1, 0)])  # seven eighths of it are hidden
    assert kept == [0, 1] and results['gt_bboxes'].tensor[0].tolist() == [0, 0, 1, 8]
    assert pasted(picture, [square], [(0, 0)])[1] == [1]


@pytest.mark.fast
def test_the_later_object_lies_above(make_picture, square, assert_aligned):
    rectangle = cut_object(make_picture(), 1)  # 30 x 20
    results, kept = pasted(make_picture(()), [square, rectangle], [(0, 0), (10, 20)])
    assert kept == [0, 1]
    assert results['gt_masks'].areas.tolist() == [1600 - 600, 600]
    assert results['img'][25, 15, 0] == 80 and results['img'][5, 5, 0] == 40
    assert_aligned(results)
    assert pasted(make_picture(()), [rectangle, square], [(10, 20), (0, 0)])[1] == [1]


@pytest.mark.fast
def test_the_picture_it_is_given_stays_as_it_was(make_picture, square):
    picture = make_picture()
    before, masks = picture['img'].copy(), picture['gt_masks'].to_ndarray()
    pasted(picture, [square], [(30, 20)])
    np.testing.assert_array_equal(picture['img'], before)
    np.testing.assert_array_equal(picture['gt_masks'].to_ndarray(), masks)
    assert len(picture['gt_bboxes']) == 4
