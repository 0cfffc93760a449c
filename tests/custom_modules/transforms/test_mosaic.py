"""Four pictures in one: where everything lands."""

import copy

import numpy as np
import pytest
import torch
from mmdet.structures.bbox import HorizontalBoxes

from custom_modules.transforms import TrashMosaic
from custom_modules.transforms.ground_truth import keep_visible

# Pictures of 100 x 80 px halved to 50 x 40, meeting in (25, 20) of a canvas of 100 x 80.
QUARTER = [
    [10, 5, 20, 15],  # picture 1 at (-25, -20): only the box without a mask is left
    [30, 0, 50, 10],  # picture 2 at (25, -20): half of the square
    [60, 5, 70, 15],
    [5, 25, 20, 35],  # picture 3 at (-25, 20)
    [10, 45, 20, 55],
    [30, 30, 50, 50],  # picture 4 at (25, 20): everything
    [55, 25, 70, 35],
    [60, 45, 70, 55],
    [25, 20, 29, 24],
]


def mosaic_of(pictures: list[dict], **options) -> dict:
    first, *others = pictures
    return TrashMosaic(**options)({**first, 'mix_results': others})


@pytest.mark.fast
def test_meeting_in_the_middle(make_picture, assert_aligned):
    results = mosaic_of([make_picture() for _ in range(4)], center_ratio_range=(1, 1))
    assert results['img'].shape == (80, 100, 3)
    boxes = results['gt_bboxes'].numpy().reshape(4, 4, 4)
    np.testing.assert_array_equal(boxes[0], [[5, 10, 25, 30], [30, 5, 45, 15], [35, 25, 45, 35], [0, 0, 4, 4]])
    for number, corner in enumerate([(0, 0), (50, 0), (0, 40), (50, 40)]):
        np.testing.assert_array_equal(boxes[number], boxes[0] + [*corner, *corner])
    assert results['gt_masks'].has_mask.tolist() == [True, True, False, False] * 4
    assert results['gt_ignore_flags'].tolist() == [False, False, False, True] * 4
    assert_aligned(results)


@pytest.mark.fast
def test_what_the_border_cuts_is_clipped_and_what_is_outside_goes(make_picture, assert_aligned):
    results = mosaic_of([make_picture() for _ in range(4)], center_ratio_range=(0.5, 0.5), pad_val=7)
    np.testing.assert_array_equal(results['gt_bboxes'].tensor, QUARTER)
    assert results['gt_masks'][1].areas.tolist() == [20 * 10]
    assert (results['img'][:, 75:] == 7).all() and (results['img'][60:] == 7).all()
    assert (results['img'][:60, :75] != 7).all()
    assert_aligned(results)


@pytest.mark.fast
def test_objects_that_are_hardly_visible_are_dropped(make_picture):
    pictures = [make_picture() for _ in range(4)]
    results = mosaic_of(pictures, center_ratio_range=(0.5, 0.5), min_visible=0.6)
    np.testing.assert_array_equal(results['gt_bboxes'].tensor, [box for box in QUARTER if box != [30, 0, 50, 10]])


@pytest.mark.fast
def test_ignore_regions_stay_as_long_as_they_are_on_the_canvas():
    boxes = HorizontalBoxes(torch.tensor([[-90.0, 0, 10, 10], [-90.0, 0, 10, 10], [-90.0, 0, 0, 10]]))
    objects = {
        'gt_bboxes': boxes,
        'gt_bboxes_labels': np.array([0, 1, 2]),
        'gt_ignore_flags': np.array([False, True, True]),
    }
    kept = keep_visible(objects, 50, 50, min_visible=0.2)
    assert kept['gt_bboxes_labels'].tolist() == [1]
    np.testing.assert_array_equal(kept['gt_bboxes'].tensor, [[0, 0, 10, 10]])


@pytest.mark.fast
def test_a_cut_object_gets_the_box_of_what_is_seen(make_picture):
    """An L whose foot is cut off: the box shrinks to the upright part."""
    picture = make_picture((0,))
    corners = [10, 20, 20, 20, 20, 50, 50, 50, 50, 60, 10, 60]
    picture['instances'][0]['mask'] = [corners]
    from custom_modules.transforms import LoadTrashAnnotations

    picture = LoadTrashAnnotations()(picture)
    picture['gt_masks'] = picture['gt_masks'].crop(np.array([0, 0, 100, 45]))
    kept = keep_visible(picture, 45, 100, min_visible=0.1)
    np.testing.assert_array_equal(kept['gt_bboxes'].tensor, [[10, 20, 20, 45]])


@pytest.mark.fast
def test_pixels_and_masks_agree_wherever_it_meets(make_picture, assert_aligned):
    for seed in range(10):
        np.random.seed(seed)
        assert_aligned(mosaic_of([make_picture(img_id=i) for i in range(4)]))
        assert_aligned(mosaic_of([make_picture((), img_id=i) for i in range(4)], img_scale=(64, 48)))


@pytest.mark.fast
def test_box_only_pictures(make_picture):
    results = mosaic_of([make_picture(with_mask=False) for _ in range(4)], center_ratio_range=(0.5, 0.5))
    np.testing.assert_array_equal(results['gt_bboxes'].tensor, QUARTER)
    assert 'gt_masks' not in results


@pytest.mark.fast
def test_pictures_it_is_given_stay_as_they_were(make_picture):
    pictures = [make_picture(img_id=i) for i in range(4)]
    before = copy.deepcopy(pictures)
    mosaic_of(pictures)
    for picture, untouched in zip(pictures, before, strict=True):
        np.testing.assert_array_equal(picture['img'], untouched['img'])
        np.testing.assert_array_equal(picture['gt_bboxes'].tensor, untouched['gt_bboxes'].tensor)
        np.testing.assert_array_equal(picture['gt_masks'].to_ndarray(), untouched['gt_masks'].to_ndarray())


@pytest.mark.fast
def test_without_a_mosaic_nothing_is_read(make_picture):
    mosaic, picture = TrashMosaic(prob=0.0), make_picture()
    assert mosaic.get_indexes(range(9)) == []
    assert mosaic({**picture, 'mix_results': []})['img'] is picture['img']
    assert len(TrashMosaic().get_indexes(range(9))) == 3
