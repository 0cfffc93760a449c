"""Views are made and undone exactly: an object that is seen somewhere comes back to where it is."""

import cv2
import numpy as np
import pytest
import torch
from faster_coco_eval.core import mask as coco_mask
from mmengine.dataset import Compose
from mmengine.registry import DefaultScope

from custom_modules.engine.tta import TTASettings, View, loads_truth
from custom_modules.engine.tta.views import make_views
from custom_modules.transforms import OrientPicture
from custom_modules.utils import UserError

HEIGHT, WIDTH = 96, 160
# A single bright block, off both middles, of different sides: each orientation puts it elsewhere.
BLOCK = np.array([24, 16, 64, 32])  # xyxy, pixels
LOAD = {'type': 'LoadImageFromFile'}
PACK = {'type': 'PackDetInputs', 'meta_keys': ('img_id', 'ori_shape', 'img_shape', 'scale_factor')}
KEEP_RATIO = [{'type': 'Resize', 'scale': (320, 320), 'keep_ratio': True}]
TEST_PIPELINES = {
    'keep-ratio': KEEP_RATIO,
    'padded': [*KEEP_RATIO, {'type': 'Pad', 'size': (320, 320), 'pad_val': {'img': (114, 114, 114)}}],
    'stretched': [{'type': 'Resize', 'scale': (320, 160)}],
    'factor': [{'type': 'mmdet.Resize', 'scale_factor': 2.0, 'keep_ratio': True}],
    'fixed-shape': [{'type': 'FixShapeResize', 'width': 240, 'height': 200, 'keep_ratio': False}],
    'shortest-edge': [{'type': 'ResizeShortestEdge', 'scale': 192, 'max_size': 400}],
    'annotations': [*KEEP_RATIO, {'type': 'LoadTrashAnnotations', 'with_mask': True}],
}
ORIENTATIONS = [(mirrored, quarters) for mirrored in (False, True) for quarters in range(4)]


@pytest.fixture
def picture(tmp_path) -> str:
    DefaultScope.get_instance('test_views', scope_name='mmdet')
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    x1, y1, x2, y2 = BLOCK
    pixels[y1:y2, x1:x2] = 255
    cv2.imwrite(str(tmp_path / '1.png'), pixels)
    return str(tmp_path / '1.png')


def detect(sample: dict) -> tuple[np.ndarray, dict]:
    """Find the block as a model would: box (1, 4) and mask in the pixels of what it takes for the original."""
    data = sample['data_samples']
    height, width = data.img_shape
    bright = sample['inputs'][0, :height, :width].numpy() > 127
    columns, rows = np.flatnonzero(bright.any(0)), np.flatnonzero(bright.any(1))
    box = np.array([[columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]]) / np.tile(data.scale_factor, 2)
    bitmap = np.zeros(data.ori_shape, np.uint8)
    x1, y1, x2, y2 = np.rint(box[0]).astype(int)
    bitmap[y1:y2, x1:x2] = 1
    return box, coco_mask.encode(np.asfortranarray(bitmap))


@pytest.mark.parametrize('steps', TEST_PIPELINES.values(), ids=TEST_PIPELINES)
@pytest.mark.parametrize('scale', [1.0, 0.75, 1.25])
@pytest.mark.parametrize(('mirrored', 'quarters'), ORIENTATIONS)
def test_a_known_object_comes_back_to_its_place(picture, steps, scale, mirrored, quarters):
    view = View(scale, mirrored, quarters)
    sample = Compose(view.pipeline([LOAD, *steps, PACK]))({'img_path': picture, 'img_id': 1})
    box, rle = detect(sample)
    np.testing.assert_allclose(view.undo_boxes(box, HEIGHT, WIDTH), BLOCK[None], atol=0.75)
    mask = coco_mask.decode(view.undo_masks([rle])[0])
    expected = np.zeros((HEIGHT, WIDTH), np.uint8)
    expected[BLOCK[1] : BLOCK[3], BLOCK[0] : BLOCK[2]] = 1
    assert mask.shape == expected.shape
    assert np.abs(np.argwhere(mask)[[0, -1]] - np.argwhere(expected)[[0, -1]]).max() <= 1


@pytest.mark.fast
@pytest.mark.parametrize(
    ('mirrored', 'quarters', 'seen'),
    [
        # By hand, for the picture of 160 x 96 and its block (24, 16, 64, 32).
        pytest.param(False, 0, (24, 16, 64, 32), id='as-it-is'),
        pytest.param(True, 0, (96, 16, 136, 32), id='mirrored'),  # x -> 160 - x
        pytest.param(False, 1, (16, 96, 32, 136), id='quarter'),  # x, y -> y, 160 - x
        pytest.param(False, 2, (96, 64, 136, 80), id='half'),  # x, y -> 160 - x, 96 - y
        pytest.param(False, 3, (64, 24, 80, 64), id='three-quarters'),  # x, y -> 96 - y, x
        pytest.param(True, 2, (24, 64, 64, 80), id='upside-down'),  # x, y -> x, 96 - y
        pytest.param(True, 1, (16, 24, 32, 64), id='mirrored-quarter'),  # x, y -> y, x
    ],
)
def test_boxes_worked_out_by_hand(mirrored, quarters, seen):
    undone = View(1.0, mirrored, quarters).undo_boxes(np.array([seen], np.float32), HEIGHT, WIDTH)
    np.testing.assert_array_equal(undone, BLOCK[None])
    assert View(1.0, mirrored, quarters).undo_boxes(np.zeros((0, 4)), HEIGHT, WIDTH).shape == (0, 4)


@pytest.mark.fast
@pytest.mark.parametrize(('mirrored', 'quarters'), ORIENTATIONS)
def test_maps_come_back_pixel_by_pixel(mirrored, quarters):
    """What a picture looks like in a view is undone, whatever lies before the rows and columns."""
    maps = torch.arange(2 * 3 * 4 * 7).reshape(2, 3, 4, 7)
    picture = maps.permute(2, 3, 0, 1).reshape(4, 7, 6).numpy().astype(np.uint8)
    seen = OrientPicture(mirrored=mirrored, quarters=quarters).transform({'img': picture})['img']
    seen = torch.from_numpy(seen.copy()).permute(2, 0, 1).reshape(2, 3, *seen.shape[:2])
    assert torch.equal(View(1.0, mirrored, quarters).undo_maps(seen), maps.to(torch.uint8))


@pytest.mark.fast
@pytest.mark.parametrize(
    ('kind', 'is_truth'),
    [
        ('LoadImageFromFile', False),
        ('LoadAnnotations', True),
        ('mmseg.LoadAnnotations', True),
        ('LoadTrashAnnotations', True),
        ('LoadTrashSegmentation', True),
        ('PackSegInputs', False),
        ('Resize', False),
    ],
)
def test_steps_that_load_ground_truth_are_known(kind, is_truth):
    assert loads_truth({'type': kind}) is is_truth
    steps = [LOAD, {'type': kind}]
    assert View(1.0, True).pipeline(steps)[2:] == ([] if is_truth else steps[1:])


@pytest.mark.fast
def test_each_view_comes_once_and_the_plain_one_first():
    everything = TTASettings(scales=(0.5, 1.0), flips=('horizontal', 'vertical', 'none'), quarter_turns=(3, 2, 1, 0))
    views = make_views(everything)
    assert views[0] == View()
    assert len(views) == len(set(views)) == 16  # a square has eight orientations
    assert set(make_views(TTASettings(scales=(1.0,), flips=('vertical',), quarter_turns=(0, 1)))) == {
        View(1.0, True, 2),
        View(1.0, True, 3),
    }


@pytest.mark.fast
def test_the_plain_view_changes_nothing():
    steps = [LOAD, *KEEP_RATIO, PACK]
    assert View().pipeline(steps) == steps


@pytest.mark.fast
@pytest.mark.parametrize(
    ('view', 'steps', 'expected'),
    [
        pytest.param(View(0.75), KEEP_RATIO, [{**KEEP_RATIO[0], 'scale': (240, 240)}], id='scale'),
        pytest.param(
            View(1.5), [{'type': 'Resize', 'scale_factor': 1.0}], [{'type': 'Resize', 'scale_factor': 1.5}], id='factor'
        ),
        pytest.param(
            View(1.25, quarters=1),
            [{'type': 'Resize', 'scale': (320, 160)}],
            [{'type': 'OrientPicture', 'mirrored': False, 'quarters': 1}, {'type': 'Resize', 'scale': (200, 400)}],
            id='stretched-and-turned',
        ),
        pytest.param(
            View(1.0, True),
            [{'type': 'mmdet.LoadAnnotations'}, *KEEP_RATIO],
            [{'type': 'OrientPicture', 'mirrored': True, 'quarters': 0}, *KEEP_RATIO],
            id='annotations-go',
        ),
    ],
)
def test_pipelines_are_changed_in_one_place_and_copied(view, steps, expected):
    before = [LOAD, *steps]
    kept = [dict(step) for step in before]
    assert view.pipeline(before) == [LOAD, *expected]
    assert before == kept


@pytest.mark.fast
@pytest.mark.parametrize(
    ('view', 'steps', 'message'),
    [
        pytest.param(
            View(0.5),
            [LOAD, PACK],
            r'mine\.py: tta\.scales: the test pipeline has no step that resizes',
            id='no-resize',
        ),
        pytest.param(
            View(0.5),
            [LOAD, {'type': 'Pad', 'size': (64, 64)}],
            r'tta\.scales: the test pipeline has no',
            id='pad-only',
        ),
        pytest.param(View(1.0, True), [*KEEP_RATIO], 'no step that loads a picture', id='no-loading'),
    ],
)
def test_pipelines_that_do_not_allow_a_view_are_refused(view, steps, message):
    with pytest.raises(UserError, match=message):
        view.pipeline(steps, 'mine.py')
