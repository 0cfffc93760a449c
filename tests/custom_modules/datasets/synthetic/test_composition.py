"""One picture: outlines fit what is seen, rules of visibility hold."""

import cv2
import numpy as np
import pytest

from custom_modules.datasets.synthetic import plan_split
from custom_modules.datasets.synthetic.composition import SUPERSAMPLING, compose
from custom_modules.datasets.synthetic.layout import LEAST_VISIBLE
from custom_modules.datasets.synthetic.plan import stream

from .test_polygons import iou, rasterised

SIZE = 160


@pytest.fixture(scope='module')
def pictures():
    plan = plan_split(3, 'train', 16, 'flat')
    return [(compose(stream(3, 'train', index), objects, SIZE), objects) for index, objects in enumerate(plan)]


def doubled(segmentation: list[list[float]]) -> list[list[float]]:
    return [[SUPERSAMPLING * value for value in part] for part in segmentation]


def test_polygons_fit_the_visible_masks(pictures):
    """Compared where the pictures are drawn, before pixels at the edge are mixed."""
    checked, side = 0, SUPERSAMPLING * SIZE
    for picture, _ in pictures:
        for number, item in enumerate(picture.objects, 1):
            if item['area'] > 200:
                checked += 1
                seen = picture.owners == number
                assert iou(rasterised(doubled(item['segmentation']), side, side), seen) > 0.95
                assert item['area'] == pytest.approx(seen.sum() / SUPERSAMPLING**2, rel=0.04)
    assert checked > 30


def test_boxes_are_tight_and_inside(pictures):
    for picture, _ in pictures:
        for item in picture.objects:
            corners = np.concatenate([np.reshape(part, (-1, 2)) for part in item['segmentation']])
            x, y, width, height = item['bbox']
            assert np.allclose([x, y, x + width, y + height], [*corners.min(0), *corners.max(0)], atol=0.011)
            assert corners.min() >= 0
            assert corners.max() <= SIZE


def test_every_planned_object_is_there_and_visible_enough(pictures):
    for picture, planned in pictures:
        assert [item['category_id'] for item in picture.objects] == [item.label for item in planned]
        for item in picture.objects:
            assert (1 - item['occlusion']) * (1 - item['truncation']) >= LEAST_VISIBLE - 0.01
            assert item['area'] > 0.0007 * SIZE * SIZE


def test_occlusion_is_the_hidden_share_of_what_lies_inside(pictures):
    """What hides an object is on the map too: the part that is missing from a free one is 0."""
    free = [item for picture, _ in pictures for item in picture.objects if item['occlusion'] == 0]
    hidden = [
        item
        for picture, planned in pictures
        for item, plan in zip(picture.objects, planned, strict=True)
        if plan.hidden
    ]
    assert free
    assert np.mean([item['occlusion'] >= 0.05 for item in hidden]) > 0.85


def test_pictures_are_photograph_like(pictures):
    for picture, _ in pictures:
        image = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert image.shape == (SIZE, SIZE, 3)
        assert 40 < image.mean() < 190
        assert image.std() > 8
        assert (image == 255).all(-1).mean() < 0.2, 'burnt out'
