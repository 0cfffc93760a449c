"""Albumentations with masks of every kind."""

from importlib import metadata

import numpy as np
import pytest

from custom_modules.transforms import TrashAlbu
from custom_modules.utils import UserError

pytestmark = pytest.mark.fast
COLOURS = [{'type': 'RandomBrightnessContrast', 'p': 0.5}, {'type': 'OneOf', 'transforms': [{'type': 'GaussNoise'}]}]


@pytest.fixture(autouse=True)
def albumentations():
    """The library, which not every environment has."""
    return pytest.importorskip('albumentations', minversion='1.4.11')


def test_colours_leave_masks_alone(make_picture):
    picture = make_picture()
    masks, boxes = picture['gt_masks'], picture['gt_bboxes']
    results = TrashAlbu([{'type': 'ToGray', 'p': 1.0}, {'type': 'RandomBrightnessContrast', 'p': 1.0}])(picture)
    assert results['gt_masks'] is masks and results['gt_bboxes'] is boxes
    assert results['img'].dtype == np.uint8 and (results['img'] != make_picture()['img']).any()


def test_moving_pixels_moves_everything(make_picture, assert_aligned):
    results = TrashAlbu([{'type': 'HorizontalFlip', 'p': 1.0}])(make_picture())
    np.testing.assert_allclose(
        results['gt_bboxes'].tensor, [[50, 20, 90, 60], [10, 10, 40, 30], [10, 50, 30, 70], [92, 0, 100, 8]], atol=1e-3
    )
    assert results['gt_masks'].has_mask.tolist() == [True, True, False, False]
    assert results['gt_bboxes_labels'].tolist() == [0, 1, 2, 0]
    assert results['gt_ignore_flags'].tolist() == [False, False, False, True]
    assert_aligned(results)


def test_what_leaves_the_picture_is_dropped_from_all_lists(make_picture, assert_aligned):
    crop = {'type': 'Crop', 'x_min': 40, 'y_min': 0, 'x_max': 100, 'y_max': 60, 'p': 1.0}
    results = TrashAlbu([crop])(make_picture())
    np.testing.assert_allclose(
        results['gt_bboxes'].tensor, [[0, 20, 10, 60], [20, 10, 50, 30], [30, 50, 50, 60]], atol=1e-3
    )
    assert results['gt_bboxes_labels'].tolist() == [0, 1, 2] and results['img_shape'] == (60, 60)
    assert_aligned(results)


def test_turning_gives_boxes_of_masks(make_picture, assert_aligned):
    turn = {'type': 'Rotate', 'limit': (30, 30), 'p': 1.0}
    assert_aligned(TrashAlbu([turn])(make_picture((0, 1))))


@pytest.mark.parametrize('objects', [(), (2,)], ids=['no objects', 'no masks'])
def test_pictures_without_masks(make_picture, objects):
    results = TrashAlbu([{'type': 'VerticalFlip', 'p': 1.0}])(make_picture(objects))
    assert len(results['gt_masks']) == len(results['gt_bboxes']) == len(objects)


def test_box_only_pictures(make_picture):
    results = TrashAlbu([{'type': 'VerticalFlip', 'p': 1.0}])(make_picture((0,), with_mask=False))
    np.testing.assert_allclose(results['gt_bboxes'].tensor, [[10, 20, 50, 60]], atol=1e-3)


def test_random_numbers_are_the_pipelines(make_picture):
    albu, other = TrashAlbu(COLOURS), TrashAlbu(COLOURS)
    pictures = []
    for step in (albu, albu, other):
        np.random.seed(5)
        pictures.append(step(make_picture())['img'])
    np.testing.assert_array_equal(pictures[0], pictures[1])
    np.testing.assert_array_equal(pictures[0], pictures[2])
    assert (albu(make_picture())['img'] != pictures[0]).any()


def test_steps_draw_independently(make_picture):
    """Two steps of probability one half each: seeded alike they would always come together."""
    albu = TrashAlbu([{'type': 'HorizontalFlip', 'p': 0.5}, {'type': 'VerticalFlip', 'p': 0.5}])
    np.random.seed(0)
    corners = {tuple(albu(make_picture((0,)))['gt_bboxes'].tensor[0, :2].round().tolist()) for _ in range(40)}
    assert corners == {(10, 20), (50, 20)}  # rows 20 to 60 of 80 are their own mirror image
    marks = set()
    for _ in range(40):
        results = albu({**make_picture((1,))})
        marks.add(tuple(results['gt_bboxes'].tensor[0, :2].round().tolist()))
    assert marks == {(60, 10), (10, 10), (60, 50), (10, 50)}


@pytest.mark.parametrize('version', [None, '2.0.8'], ids=['missing', 'too new'])
def test_library_that_cannot_be_used(monkeypatch, version):
    def look_up(name):
        if version is None:
            raise metadata.PackageNotFoundError(name)
        return version

    monkeypatch.setattr(metadata, 'version', look_up)
    with pytest.raises(UserError, match=r"pip install 'albumentations==1.4.24'"):
        TrashAlbu(COLOURS)


def labelled() -> dict:
    """A picture of 4 x 6 px whose pixels say where they are, with a label map."""
    rows, columns = np.mgrid[:4, :6]
    img = np.stack([rows, columns, np.zeros_like(rows)], axis=-1).astype(np.uint8)
    labels = np.where(columns >= 4, 3, 0).astype(np.uint8)
    labels[0, 0] = 255
    return {'img': img, 'gt_seg_map': labels, 'seg_fields': ['gt_seg_map'], 'img_shape': (4, 6)}


def test_label_maps_move_with_their_pictures():
    results = TrashAlbu([{'type': 'HorizontalFlip', 'p': 1.0}])(labelled())
    np.testing.assert_array_equal(results['gt_seg_map'], labelled()['gt_seg_map'][:, ::-1])
    np.testing.assert_array_equal(results['img'], labelled()['img'][:, ::-1])
    crop = {'type': 'Crop', 'x_min': 3, 'y_min': 1, 'x_max': 6, 'y_max': 4, 'p': 1.0}
    results = TrashAlbu([crop])(labelled())
    assert results['img_shape'] == results['gt_seg_map'].shape == (3, 3)
    assert results['gt_seg_map'].dtype == np.uint8 and results['gt_seg_map'].tolist() == [[0, 3, 3]] * 3


def test_what_is_filled_in_a_label_map_does_not_count():
    shift = {'type': 'Affine', 'translate_px': {'x': (2, 2), 'y': (0, 0)}, 'p': 1.0}
    labels = TrashAlbu([shift])(labelled())['gt_seg_map']
    assert (labels[:, :2] == 255).all()
    np.testing.assert_array_equal(labels[:, 2:], labelled()['gt_seg_map'][:, :4])


@pytest.mark.parametrize('name', ['ColorJitter', 'ChannelShuffle', 'RandomBrightnessContrast'])
def test_colours_leave_label_maps_alone(name):
    step = TrashAlbu([{'type': name, 'p': 1.0}])
    assert not step.moves_pixels
    np.testing.assert_array_equal(step(labelled())['gt_seg_map'], labelled()['gt_seg_map'])
