"""Outlines of masks: exact where edges are straight, close where they are not."""

import numpy as np
import pytest
from faster_coco_eval.core import mask as coco_mask
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_modules.datasets.synthetic.noise import value_noise
from custom_modules.datasets.synthetic.polygons import coco_shape, mask_to_polygons, shoelace

pytestmark = pytest.mark.fast


def rasterised(segmentation: list[list[float]], height: int, width: int) -> np.ndarray:
    """Fill COCO polygons the way COCO tools do, (h, w) bool."""
    return coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects(segmentation, height, width))).astype(bool)


def iou(first: np.ndarray, second: np.ndarray) -> float:
    return (first & second).sum() / (first | second).sum()


def square_mask(*boxes: tuple[int, int, int, int], hole: tuple[int, int, int, int] | None = None) -> np.ndarray:
    mask = np.zeros((24, 30), bool)
    for x0, y0, x1, y1 in boxes:
        mask[y0:y1, x0:x1] = True
    if hole is not None:
        x0, y0, x1, y1 = hole
        mask[y0:y1, x0:x1] = False
    return mask


@pytest.mark.parametrize(
    ('mask', 'parts', 'bbox', 'area'),
    [
        pytest.param(square_mask((3, 4, 13, 9)), 1, [3, 4, 10, 5], 50, id='rectangle'),
        pytest.param(square_mask((0, 0, 30, 24)), 1, [0, 0, 30, 24], 720, id='whole-picture'),
        pytest.param(square_mask((0, 0, 6, 6), (10, 8, 20, 12)), 2, [0, 0, 20, 12], 76, id='two-parts'),
        pytest.param(square_mask((2, 2, 18, 18), hole=(6, 6, 12, 10)), 1, [2, 2, 16, 16], 232, id='hole'),
        pytest.param(square_mask((2, 2, 12, 12), hole=(5, 5, 6, 6)), 1, [2, 2, 10, 10], 100, id='tiny-hole-filled'),
        pytest.param(square_mask((2, 2, 12, 12), (20, 20, 21, 21)), 1, [2, 2, 10, 10], 100, id='speck-dropped'),
    ],
)
def test_straight_edges_are_exact(mask, parts, bbox, area):
    polygons = mask_to_polygons(mask, scale=1.0, least=2.0)
    shape = coco_shape(polygons)
    assert len(polygons) == parts
    assert shape['bbox'] == bbox
    assert shape['area'] == area


def test_scale_halves_lengths():
    shape = coco_shape(mask_to_polygons(square_mask((4, 4, 14, 10)), scale=0.5, least=2.0))
    assert (shape['bbox'], shape['area']) == ([2, 2, 5, 3], 15)


def test_empty_mask_has_no_polygon():
    assert mask_to_polygons(np.zeros((5, 5), bool), scale=1.0, least=2.0) == []


def test_hole_is_left_out_when_filled_by_coco_tools():
    mask = square_mask((2, 2, 18, 18), hole=(6, 6, 12, 10))
    filled = rasterised(coco_shape(mask_to_polygons(mask, scale=1.0, least=2.0))['segmentation'], *mask.shape)
    assert np.array_equal(filled, mask)


def test_shoelace_of_a_triangle():
    assert shoelace(np.array([[0, 0], [4, 0], [0, 3]])) == 6


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), level=st.floats(-0.2, 0.3))
def test_any_shape_comes_back(seed, level):
    mask = value_noise(np.random.default_rng(seed), (120, 150), 6) > level
    polygons = mask_to_polygons(mask, scale=1.0, least=2.0)
    if mask.sum() < 200:
        return
    assert iou(rasterised(coco_shape(polygons)['segmentation'], *mask.shape), mask) > 0.95
    assert sum(map(shoelace, polygons)) == pytest.approx(mask.sum(), rel=0.03)
