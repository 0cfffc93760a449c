"""Maps of a mask head become the run-length masks that upstream's bitmaps would give."""

import numpy as np
import pytest
import torch
from faster_coco_eval.core import mask as coco_mask
from mmdet.models.roi_heads.mask_heads.fcn_mask_head import _do_paste_mask

from custom_modules.structures.paste_rle import paste_rle

pytestmark = pytest.mark.fast


def decoded(rles: list[dict]) -> np.ndarray:
    return np.stack([coco_mask.decode(rle) for rle in rles]).astype(bool)


def upstream(maps: np.ndarray, boxes: np.ndarray, height: int, width: int, threshold: float) -> np.ndarray:
    """Paste one by one, as upstream does on a CPU."""
    pasted = np.zeros((len(maps), height, width), bool)
    for index in range(len(maps)):
        one = slice(index, index + 1)
        mask, place = _do_paste_mask(torch.from_numpy(maps[one, None]), torch.from_numpy(boxes[one]), height, width)
        pasted[(index, *place)] = mask[0].numpy() >= threshold
    return pasted


def blobs(rng: np.random.Generator, count: int) -> np.ndarray:
    """Draw smooth maps as a mask head gives them, (count, 28, 28)."""
    coarse = torch.from_numpy(rng.normal(scale=4, size=(count, 1, 7, 7)).astype(np.float32))
    return torch.nn.functional.interpolate(coarse, (28, 28), mode='bicubic')[:, 0].sigmoid().numpy()


def around(rng: np.random.Generator, count: int, height: int, width: int) -> np.ndarray:
    """Draw boxes of 0.05 to 400 px in and across the borders of a picture, (count, 4) float32 xyxy."""
    centers = rng.uniform(-0.2, 1.2, (count, 2)) * [width, height]
    sides = np.exp(rng.uniform(np.log(0.05), np.log(400), (count, 2)))
    boxes = np.hstack([centers - sides / 2, centers + sides / 2]).astype(np.float32)
    return boxes[(boxes[:, 2:] > 0).all(axis=1) & (boxes[:, :2] < [width, height]).all(axis=1)]  # upstream's limits


@pytest.mark.parametrize('threshold', [0.5, 0.3])
@pytest.mark.parametrize('kind', ['smooth', 'noise'])
def test_equals_upstream_in_all_but_one_of_a_hundred_thousand_pixels(threshold, kind):
    rng = np.random.default_rng(0)
    pixels = different = foreground = 0
    for _ in range(8):
        height, width = rng.integers(1, 200, 2).tolist()
        boxes = around(rng, 60, height, width)
        maps = blobs(rng, len(boxes)) if kind == 'smooth' else rng.random((len(boxes), 28, 28), np.float32)
        ours = decoded(paste_rle(maps, boxes, height, width, threshold))
        theirs = upstream(maps, boxes, height, width, threshold)
        pixels, different = pixels + ours.size, different + (ours != theirs).sum()
        foreground += theirs.sum()
    assert foreground > 0.005 * pixels
    assert different < 1e-5 * pixels


def test_a_map_of_four_cells():
    """Cells are 2 px; the left column's are foreground up to half a cell from their centres, 2 px in all."""
    left_half = np.array([[[1, 0], [1, 0]]], np.float32)
    mask = decoded(paste_rle(left_half, np.array([[2, 1, 6, 5]], np.float32), 6, 8))[0]
    expected = np.zeros((6, 8), bool)
    expected[1:5, 2:4] = True
    # The outermost pixels lie a quarter of a cell outside two centres: 0.75 * 0.75 = 0.56.
    np.testing.assert_array_equal(mask, expected)


def test_a_picture_that_is_all_foreground():
    rle = paste_rle(np.ones((1, 28, 28), np.float32), np.array([[-50, -50, 60, 60]], np.float32), 7, 9)[0]
    assert rle['size'] == [7, 9]
    assert coco_mask.area(rle) == 63


def test_full_columns_end_where_the_box_ends():
    """Below a half, one column beside the box is foreground, too: the mask must not run on to the right border."""
    box = np.array([[-270, -135, 10, 145]], np.float32)  # cells of 10 px
    mask = decoded(paste_rle(np.ones((1, 28, 28), np.float32), box, 10, 20, 0.1))[0]
    expected = np.zeros((10, 20), bool)
    expected[:, :11] = True
    np.testing.assert_array_equal(mask, expected)


@pytest.mark.parametrize(
    'box',
    [
        pytest.param([5, 5, 5, 9], id='no-width'),
        pytest.param([9, 9, 5, 5], id='turned-round'),
        pytest.param([np.nan] * 4, id='nan'),
        pytest.param([0, 0, np.inf, 9], id='infinite'),
        pytest.param([100, 100, 120, 120], id='outside'),
        pytest.param([-20, -20, -5, -5], id='before'),
        pytest.param([-3e38, 0, 3e38, 9], id='huge'),
    ],
)
def test_boxes_without_a_pixel_have_empty_masks(box):
    maps = np.ones((2, 28, 28), np.float32)
    empty, full = paste_rle(maps, np.array([box, [0, 0, 20, 10]], np.float32), 10, 20)
    assert coco_mask.area(empty) == 0
    assert coco_mask.area(full) > 190  # corners are rounded


def test_damaged_maps_do_no_harm():
    maps = np.full((1, 28, 28), np.nan, np.float32)
    assert coco_mask.area(paste_rle(maps, np.array([[0, 0, 9, 9]], np.float32), 10, 10)[0]) == 0


def test_no_instances():
    assert paste_rle(np.zeros((0, 28, 28), np.float32), np.zeros((0, 4), np.float32), 5, 5) == []
