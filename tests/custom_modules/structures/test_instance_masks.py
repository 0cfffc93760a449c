"""Lazy masks must draw what upstream's eager ones hold."""

import copy
import pickle

import numpy as np
import pytest
import torch
from mmdet.structures.bbox import HorizontalBoxes
from mmdet.structures.mask import BitmapMasks
from mmengine.structures import InstanceData

from custom_modules.structures.instance_masks import InstanceMasks

MIXED = [[[1.0, 1, 5, 1, 5, 4, 1, 4]], {'size': [6, 8], 'counts': [14, 2, 4, 2, 26]}, None]


def mixed() -> InstanceMasks:
    """A 4 x 3 rectangle, a 2 x 2 bitmap at column 2, row 2, and a box without a mask, on 6 x 8 pixels."""
    return InstanceMasks(MIXED, 6, 8, boxes=[[0, 0, 1, 1], [0, 0, 1, 1], [3, 2, 7, 6]])


def agreement(ours: np.ndarray, reference: np.ndarray) -> float:
    """Share of the pixels that belong to either mask and are the same in both."""
    ours, reference = ours > 0, reference > 0
    return (ours & reference).sum() / max((ours | reference).sum(), 1)


OPERATIONS = {
    'flip horizontal': lambda m: m.flip('horizontal'),
    'flip vertical': lambda m: m.flip('vertical'),
    'flip diagonal': lambda m: m.flip('diagonal'),
    'pad': lambda m: m.pad((120, 160)),
    'crop inside': lambda m: m.crop(np.array([30, 20, 100, 70])),
    'crop over the edge': lambda m: m.crop(np.array([60, 30, 200, 200])),
    'crop, then pad': lambda m: m.crop(np.array([30, 20, 100, 70])).pad((96, 128)),
    'expand': lambda m: m.expand(150, 200, 11, 23),
    'translate right': lambda m: m.translate((96, 128), 13, 'horizontal'),
    'translate up': lambda m: m.translate((96, 128), -17, 'vertical'),
    'translate both': lambda m: m.translate((96, 128), (9, 5), 'both'),
    'crop and flip': lambda m: m.crop(np.array([11, 7, 90, 80])).flip('horizontal'),
    'flip, crop, expand, crop': lambda m: m.flip('vertical').crop(np.array([5, 9, 99, 77])).expand(120, 140, 8, 9),
}
RESAMPLING = {
    'enlarge': lambda m: m.resize((192, 256)),
    'shrink': lambda m: m.resize((60, 70)),
    'rescale': lambda m: m.rescale((200, 120)),
    'rescale by a factor': lambda m: m.rescale(1.5),
    'rotate': lambda m: m.rotate((96, 128), 25.0),
    'rotate off centre': lambda m: m.rotate((96, 128), -40.0, center=(30, 20), scale=1.2),
    'shear across': lambda m: m.shear((96, 128), 0.3, 'horizontal'),
    'shear down': lambda m: m.shear((96, 128), -0.25, 'vertical'),
    'rotate, crop, enlarge': lambda m: m.rotate((96, 128), 12.0).crop(np.array([20, 10, 90, 90])).rescale(2.0),
}


@pytest.mark.fast
@pytest.mark.parametrize('operation', OPERATIONS.values(), ids=OPERATIONS)
def test_whole_pixel_operations_equal_bitmaps(shapes, operation):
    expected = operation(shapes.bitmaps)
    drawn = operation(shapes.from_rle)
    assert (drawn.height, drawn.width) == (expected.height, expected.width)
    np.testing.assert_array_equal(drawn.to_ndarray(), expected.to_ndarray())
    # pixel centres exactly on an edge may fall to the other side when flipped
    assert agreement(operation(shapes.ours).to_ndarray(), expected.to_ndarray()) > 0.99


@pytest.mark.parametrize('operation', RESAMPLING.values(), ids=RESAMPLING)
@pytest.mark.parametrize('kind', ['ours', 'from_rle'])
def test_resampling_agrees_with_bitmaps(shapes, operation, kind, request):
    expected = operation(shapes.bitmaps)
    drawn = operation(getattr(shapes, kind))
    assert (drawn.height, drawn.width) == (expected.height, expected.width)
    # upstream takes the nearest pixel from the left, which moves small shapes by up to half a pixel
    assert agreement(drawn.to_ndarray(), expected.to_ndarray()) > (0.9 if 'shrink' in request.node.name else 0.95)


def test_a_long_chain_equals_one_matrix(shapes):
    there_and_back = shapes.ours
    for _ in range(20):
        there_and_back = there_and_back.flip('diagonal').resize((33, 57)).flip('diagonal').resize((96, 128))
    assert agreement(there_and_back.to_ndarray(), shapes.ours.to_ndarray()) > 0.999


@pytest.mark.fast
def test_what_a_crop_hid_stays_hidden():
    masks = InstanceMasks([[[0.0, 0, 8, 0, 8, 6, 0, 6]]], 6, 8).crop(np.array([2, 1, 5, 4]))
    drawn = masks.expand(10, 10, 4, 3).to_ndarray()[0]
    expected = np.zeros((10, 10))
    expected[4:7, 3:6] = 1  # the 3 x 3 crop, nothing of the 8 x 6 polygon around it
    np.testing.assert_array_equal(drawn, expected)


@pytest.mark.fast
def test_polygon_over_the_edge_of_its_picture_does_not_reach_into_padding():
    masks = InstanceMasks([[[4.0, 2, 12, 2, 12, 4, 4, 4]]], 6, 8)
    assert masks.pad((6, 20)).areas.tolist() == [8]  # columns 4 to 7 of 2 rows


@pytest.mark.fast
def test_mixup_translates_one_direction_after_the_other():
    masks = InstanceMasks([[[5.0, 9, 9, 9, 9, 11, 5, 11]]], 12, 12)
    moved = masks.translate((6, 6), -4, 'horizontal').translate((6, 6), -6, 'vertical')
    expected = np.zeros((6, 6))
    expected[3:5, 1:5] = 1
    np.testing.assert_array_equal(moved.to_ndarray()[0], expected)


@pytest.mark.fast
def test_three_kinds_in_one_picture():
    masks = mixed()
    expected = np.zeros((3, 6, 8), np.uint8)
    expected[0, 1:4, 1:5] = 1
    expected[1, 2:4, 2:4] = 1
    np.testing.assert_array_equal(masks.to_ndarray(), expected)
    assert masks.has_mask.tolist() == [True, True, False]
    assert masks.areas.tolist() == [12, 4, 16]
    np.testing.assert_array_equal(masks.get_bboxes().tensor, [[1, 1, 5, 4], [2, 2, 4, 4], [3, 2, 7, 6]])
    assert 'polygons=1, bitmaps=1, without=1' in repr(masks)


@pytest.mark.fast
def test_boxes_without_mask_move_along():
    masks = mixed().flip('horizontal').crop(np.array([0, 0, 4, 6])).resize((12, 8))
    # 3..7 flipped is 1..5, cropped 1..4, doubled 2..8; the rows 2..6 double
    np.testing.assert_allclose(masks[2].get_bboxes().tensor, [[2, 4, 8, 12]])
    assert masks[2].areas.tolist() == [48]


@pytest.mark.parametrize(
    'mask', [None, [], [[1.0, 2, 3, 4]], {'size': [6, 8], 'counts': [48]}, np.zeros((6, 8))],
    ids=['none', 'no polygon', 'two corners', 'empty rle', 'empty bitmap'],
)  # fmt: skip
def test_nothing_to_draw_is_no_mask(mask):
    masks = InstanceMasks([mask], 6, 8, boxes=[[1, 1, 4, 5]])
    assert masks.has_mask.tolist() == [False]
    assert masks.get_bboxes().tensor.tolist() == [[1, 1, 4, 5]]
    assert masks.to_ndarray().sum() == 0


INDICES = {
    'int': (1, [1]),
    'numpy int': (np.int64(2), [2]),
    'negative': (-1, [2]),
    'slice': (slice(0, 3, 2), [0, 2]),
    'list': ([2, 0], [2, 0]),
    'list of bools': ([True, False, True], [0, 2]),
    'empty list': ([], []),
    'bool array': (np.array([False, True, True]), [1, 2]),
    'int array': (np.array([2, 2, 1]), [2, 2, 1]),
    'bool tensor': (torch.tensor([True, False, False]), [0]),
    'long tensor': (torch.tensor([1, 0]), [1, 0]),
}


@pytest.mark.fast
@pytest.mark.parametrize('index, expected', INDICES.values(), ids=INDICES)
def test_index(index, expected):
    masks = mixed()
    selected = masks[index]
    assert isinstance(selected, InstanceMasks) and len(selected) == len(expected)
    np.testing.assert_array_equal(selected.to_ndarray(), masks.to_ndarray()[expected])
    np.testing.assert_array_equal(selected.has_mask, masks.has_mask[expected])


@pytest.mark.fast
def test_empty():
    masks = InstanceMasks([], 6, 8)
    changed = masks.flip().resize((12, 16)).crop(np.array([0, 0, 5, 5])).pad((9, 9)).rotate((9, 9), 3.0)
    assert changed.to_ndarray().shape == (0, 9, 9)
    assert changed.to_tensor(torch.float32, 'cpu').shape == (0, 9, 9)
    assert changed.crop_and_resize(np.zeros((0, 4)), (7, 7), np.zeros(0, int)).to_ndarray().shape == (0, 7, 7)
    assert changed.areas.shape == (0,) and changed.get_bboxes().tensor.shape == (0, 4)
    assert len(InstanceMasks.cat([masks, masks])) == 0


@pytest.mark.fast
def test_cat_of_pictures_that_went_different_ways():
    left = mixed().flip('horizontal').resize((12, 16))
    right = mixed()[[1, 0]].translate((12, 16), (3, 2), 'both')
    joined = InstanceMasks.cat([left, right])
    expected = np.concatenate([left.to_ndarray(), right.to_ndarray()])
    np.testing.assert_array_equal(joined.to_ndarray(), expected)
    np.testing.assert_array_equal(joined.flip('vertical').to_ndarray(), expected[:, ::-1])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(joined[[4, 0]])).to_ndarray(), expected[[4, 0]])
    with pytest.raises(ValueError, match='empty'):
        InstanceMasks.cat([])


@pytest.mark.fast
def test_pickle_carries_only_what_is_selected(shapes):
    both = InstanceMasks.cat([shapes.ours, shapes.from_rle])
    one = both[[5]].rescale(1.5)
    data = pickle.dumps(one)
    assert len(data) < 4000 < len(pickle.dumps(shapes.bitmaps))
    np.testing.assert_array_equal(pickle.loads(data).to_ndarray(), one.to_ndarray())


@pytest.mark.fast
def test_lives_in_instance_data():
    data = InstanceData(masks=mixed(), labels=torch.tensor([4, 5, 6]))
    assert data[data.labels > 4].masks.has_mask.tolist() == [True, False]
    assert len(InstanceData.cat([data, data]).masks) == 6


@pytest.mark.fast
def test_get_bboxes_of_any_type(shapes):
    boxes = shapes.ours.get_bboxes(HorizontalBoxes)
    assert isinstance(boxes, HorizontalBoxes)
    expected = shapes.upstream.get_bboxes('hbox')
    expected.clip_((96, 128))  # one blob reaches over the edge, which upstream does not cut
    np.testing.assert_allclose(boxes.tensor, expected.tensor, rtol=1e-6)


def test_get_bboxes_after_crop_and_turn(shapes):
    for operation in (OPERATIONS['crop inside'], RESAMPLING['rotate, crop, enlarge']):
        turned = operation(shapes.from_rle)
        expected = BitmapMasks(turned.to_ndarray(), turned.height, turned.width).get_bboxes('hbox').tensor
        np.testing.assert_array_equal(turned.get_bboxes().tensor, expected)
        close = operation(shapes.ours).get_bboxes().tensor  # to the corner, not to the pixel
        assert (close - expected).abs().max() <= 2


@pytest.mark.fast
def test_areas_count_the_pixels_drawn(shapes):
    for masks in (shapes.ours, shapes.from_rle):
        np.testing.assert_array_equal(masks.areas, masks.to_ndarray().sum(axis=(1, 2)))
    for masks in (shapes.ours.rotate((96, 128), 30.0), shapes.from_rle.rescale(0.7)):  # centres on an edge: rounding
        np.testing.assert_allclose(masks.areas, masks.to_ndarray().sum(axis=(1, 2)), atol=2)


@pytest.mark.fast
def test_bitmaps_can_be_put_back():
    masks = mixed()
    with pytest.raises(ValueError, match='read-only'):
        masks.masks[:, :2] = 0
    masks.masks = np.where(np.arange(8) < 3, 0, masks.masks)
    assert masks.has_mask.tolist() == [True, True, False]
    assert masks.areas.tolist() == [6, 2, 16]


@pytest.mark.parametrize('kind', ['ours', 'from_rle'])
def test_mask_targets_agree_with_upstream(shapes, kind):
    rng = np.random.RandomState(0)
    inds = rng.randint(0, 4, 200)
    boxes = shapes.ours.get_bboxes().tensor.numpy()[inds]
    size = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
    boxes = (boxes + size * rng.uniform(-0.2, 0.2, boxes.shape)).clip(0, [128, 96, 128, 96]).astype(np.float32)
    drawn = getattr(shapes, kind).crop_and_resize(boxes, (28, 28), inds).to_ndarray()
    assert drawn.dtype == np.uint8 and drawn.shape == (200, 28, 28)
    assert (drawn == shapes.upstream.crop_and_resize(boxes, (28, 28), inds).to_ndarray()).mean() > 0.985
    torch_boxes = getattr(shapes, kind).crop_and_resize(torch.from_numpy(boxes), (28, 28), torch.from_numpy(inds))
    np.testing.assert_array_equal(torch_boxes.to_ndarray(), drawn)


@pytest.mark.fast
def test_soft_targets_are_coverages():
    masks = InstanceMasks([[[0.0, 0, 4, 0, 4, 3, 0, 3]]], 8, 8)
    soft = masks.crop_and_resize(np.array([[0.0, 0, 8, 8]]), (4, 4), np.array([0]), binarize=False).to_ndarray()[0]
    np.testing.assert_allclose(soft, [[1, 1, 0, 0], [0.5, 0.5, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])


@pytest.mark.fast
@pytest.mark.filterwarnings('error')
@pytest.mark.parametrize('box', [[np.nan] * 4, [np.inf, 0, np.inf, 5], [3, 3, 3, 3], [-50, -50, -40, -40]])
def test_a_diverged_box_draws_nothing_and_harms_nothing(box):
    masks = mixed()
    drawn = masks.crop_and_resize(np.array([box, [1, 1, 5, 4]], float), (4, 4), np.array([1, 0])).to_ndarray()
    assert drawn[1].all()
    assert set(np.unique(drawn[0])) <= {0, 1}


@pytest.mark.parametrize(
    'mask, message',
    [
        ({'size': [8, 6], 'counts': [48]}, 'size'),
        ({'size': [6, 8], 'counts': [47]}, 'add up'),
        (np.ones((8, 6)), 'shape'),
        ([[0.0, 0, np.nan, 1, 2, 2]], 'finite'),
    ],
    ids=['rle size', 'rle runs', 'bitmap size', 'nan'],
)
def test_bad_masks(mask, message):
    with pytest.raises(ValueError, match=message):
        InstanceMasks([mask], 6, 8)


@pytest.mark.parametrize('operation', ['flip', 'shear'])
def test_unknown_direction(operation):
    arguments = {'flip': ('sideways',), 'shear': ((6, 8), 0.1, 'sideways')}[operation]
    with pytest.raises(ValueError, match='sideways'):
        getattr(mixed(), operation)(*arguments)


@pytest.mark.fast
def test_random_masks_are_of_every_kind():
    masks = InstanceMasks.random(6, 20, 30, rng=1)
    assert masks.has_mask.tolist() == [True, True, False] * 2
    assert masks.to_ndarray().shape == (6, 20, 30) and masks.areas[:2].min() > 0


@pytest.mark.fast
def test_copies_share_what_is_never_changed_and_nothing_else():
    masks = InstanceMasks.random(3, 20, 30, rng=0)
    other = copy.deepcopy(masks)
    assert other._shapes is masks._shapes
    before = masks.to_ndarray()
    other.masks = np.ones((3, 20, 30), np.uint8)
    np.testing.assert_array_equal(masks.to_ndarray(), before)
    assert other.to_ndarray()[0].all()
