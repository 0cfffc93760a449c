import json
import shutil

import numpy as np
import pytest

from custom_modules.datasets import load_coco
from custom_modules.datasets.label_maps import LabelMaps, coco_palette, labels_on, paint_labels, segmentation_classes
from custom_modules.utils import UserError
from tests.custom_modules.datasets.minicity import STRIPES, stripes


def square(left: int, top: int, right: int, bottom: int) -> list[np.ndarray]:
    return [np.array([left, top, right, top, right, bottom, left, bottom], float)]


def instance(mask, label=0, *, box=(0, 0, 1, 1), ignored=False, ann_id=1) -> dict:
    return {'mask': mask, 'bbox': list(box), 'bbox_label': label, 'ignore_flag': int(ignored), 'ann_id': ann_id}


BIG, SMALL = square(0, 0, 4, 4), square(1, 1, 3, 3)
RLE = {'size': [4, 6], 'counts': [8, 2, 2, 2, 10]}  # by columns: rows 0 and 1 of the columns 2 and 3


@pytest.mark.parametrize(
    ('instances', 'expected'),
    [
        pytest.param([], ['000000'] * 4, id='nothing'),
        pytest.param([instance(SMALL, 1)], ['000000', '022000', '022000', '000000'], id='label 1 is class 2'),
        pytest.param(
            [instance(SMALL, 1, ann_id=1), instance(BIG, 0, ann_id=2)],
            ['111100', '122100', '122100', '111100'],
            id='the smaller one on top, whatever their order',
        ),
        pytest.param(
            [instance(SMALL, 1, ann_id=7), instance(SMALL, 0, ann_id=8)],
            ['000000', '011000', '011000', '000000'],
            id='of equal ones the later',
        ),
        pytest.param([instance(RLE, 2)], ['003300', '003300', '000000', '000000'], id='run lengths'),
        pytest.param(
            [instance(BIG, 0), instance(SMALL, 0, ignored=True)],
            ['111100', '199100', '199100', '111100'],
            id='an ignore region on an object',
        ),
        pytest.param(
            [instance(BIG, 0, ignored=True), instance(SMALL, 1)],
            ['999900', '922900', '922900', '999900'],
            id='an object on an ignore region',
        ),
        pytest.param(
            [instance(None, 0, box=(2, 0, 6, 2))],
            ['009999', '009999', '000000', '000000'],
            id='which pixels of a box are the object is not known',
        ),
        pytest.param(
            [instance(square(-3, -3, 2, 2), 0), instance(square(5, 3, 9, 9), 1)],
            ['110000', '110000', '000000', '000002'],
            id='over the edge',
        ),
        pytest.param(
            [instance([*square(0, 0, 1, 4), *square(5, 0, 6, 4)], 0)], ['100001'] * 4, id='two parts of one object'
        ),
        pytest.param([instance(square(1, 1, 1.4, 1.4), 0)], ['000000'] * 4, id='no centre of a pixel inside'),
    ],
)
def test_paint(instances, expected):
    labels = paint_labels(instances, 4, 6)
    assert labels.dtype == np.uint8
    assert [''.join('9' if value == 255 else str(value) for value in row) for row in labels] == expected


def test_order_of_ids():
    instances = [instance(SMALL, 1, ann_id=1), instance(BIG, 0, ann_id=2)]
    assert set(np.unique(paint_labels(instances, 4, 4, order='id'))) == {1}
    assert set(np.unique(paint_labels(instances[::-1], 4, 4, order='id'))) == {1}
    with pytest.raises(ValueError, match="order is 'size'; there are area, id"):
        paint_labels([], 4, 4, order='size')


@pytest.mark.parametrize('size', [(4, 5), (5, 6)])
def test_run_lengths_of_another_size_are_refused(size):
    with pytest.raises(ValueError):
        paint_labels([instance(RLE)], *size)


def test_larger_is_measured_in_pixels_of_the_mask_and_not_of_the_box():
    frame = [np.array([0, 0, 6, 0, 6, 1, 1, 1, 1, 4, 0, 4], float)]  # 9 pixels in a box of 24
    block = square(0, 0, 4, 3)  # 12 pixels
    labels = paint_labels([instance(frame, 0), instance(block, 1)], 4, 6)
    assert labels.tolist() == [[1] * 6, [1, 2, 2, 2, 0, 0], [1, 2, 2, 2, 0, 0], [1, 0, 0, 0, 0, 0]]


def test_polygons_are_painted_as_the_detectors_draw_them():
    from custom_modules.structures.instance_masks import InstanceMasks

    rng = np.random.default_rng(0)
    for _ in range(20):
        polygon = [rng.uniform(-5, 45, 2 * rng.integers(3, 9))]
        drawn = InstanceMasks([polygon], 40, 40).to_ndarray()[0]
        np.testing.assert_array_equal(paint_labels([instance(polygon)], 40, 40), drawn)


def test_classes():
    assert segmentation_classes(['Paper', 'Metal']) == ('Background', 'Paper', 'Metal')
    with pytest.raises(UserError, match='a category is called Background'):
        segmentation_classes(['Background', 'Paper'])
    assert len(segmentation_classes([str(i) for i in range(254)])) == 255
    with pytest.raises(UserError, match='255 categories: label maps hold 254 at most'):
        segmentation_classes([str(i) for i in range(255)])


def test_labels_on_a_picture():
    instances = [instance(BIG, 3), instance(BIG, 1, ignored=True), instance(None, 2), instance(SMALL, 3)]
    assert labels_on(instances) == [4, 4]


def test_maps_of_a_data_set(write_set, content):
    maps = LabelMaps(load_coco(write_set(content)))
    assert maps.classes == ('Background', 'Paper', 'Glass', 'Metal')
    assert maps.image_ids == (10, 11, 12) and len(maps) == 3
    first = maps[10]
    assert first.shape == (48, 64)
    # A polygon of 20 x 10 px, under two columns of an RLE; a box without a mask does not count.
    assert [int((first == label).sum()) for label in (1, 3, 255)] == [200 - 20, 40, 12 * 9]
    assert (maps[11] == 255).all() and (maps[12] == 0).all()
    with pytest.raises(KeyError):
        maps[13]


def test_maps_of_label_pictures(indexed_minicity):
    data = load_coco(indexed_minicity / 'train.json')
    maps = LabelMaps(data)
    assert maps.classes == data.classes and len(maps.classes) == 19
    assert coco_palette(data)[:2] == [(128, 64, 128), (244, 35, 232)]
    for image_id, (_, labels) in zip(maps.image_ids, STRIPES.values(), strict=False):
        np.testing.assert_array_equal(maps[image_id], stripes(labels))
    (indexed_minicity / 'folds').mkdir()
    shutil.copy(indexed_minicity / 'train.json', indexed_minicity / 'folds' / 'train_0.json')
    folds = LabelMaps(load_coco(indexed_minicity / 'folds' / 'train_0.json', check_images=False))
    np.testing.assert_array_equal(folds[1], maps[1])
    assert (LabelMaps(load_coco(indexed_minicity / 'test.json'))[5] == 255).all()


def test_colours_of_classes_that_have_none(indexed_minicity):
    path = indexed_minicity / 'train.json'
    text = json.loads(path.read_text())
    for category in text['categories'][5:]:
        del category['color']
    path.write_text(json.dumps(text))
    palette = coco_palette(load_coco(path))
    assert palette[0] == (128, 64, 128) and len(set(palette)) == 19
