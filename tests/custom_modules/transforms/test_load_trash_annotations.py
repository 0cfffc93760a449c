"""Loading masks of every kind, through upstream's pipelines."""

import copy
import random

import numpy as np
import pytest
from faster_coco_eval.core import mask as coco_mask
from mmdet.registry import TRANSFORMS
from mmdet.structures.bbox import HorizontalBoxes
from mmengine.dataset import Compose

from custom_modules.structures.instance_masks import InstanceMasks
from custom_modules.transforms import LoadTrashAnnotations
from custom_modules.utils import UserError

HEIGHT, WIDTH = 90, 120
POLYGONS = [[[10.0, 10, 50, 12, 45, 60, 8, 40]], [[60.0, 20, 110, 15, 100, 80, 70, 70]]]
BOXES = [[8.0, 10, 50, 60], [60.0, 15, 110, 80]]


def rle_of(polygons: list) -> dict:
    """Compress polygons to a run-length mask as a json holds it."""
    rle = coco_mask.merge(coco_mask.frPyObjects(polygons, HEIGHT, WIDTH))
    return {'size': rle['size'], 'counts': rle['counts'].decode()}


def loaded_picture(masks: list, boxes: list = BOXES) -> dict:
    """A data info with its picture, as a pipeline has it after reading the file."""
    rng = np.random.RandomState(0)
    instances = [
        {'bbox': box, 'bbox_label': i, 'ignore_flag': 0, 'mask': mask}
        for i, (box, mask) in enumerate(zip(boxes, masks, strict=True))
    ]
    picture = rng.randint(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    shapes = {'height': HEIGHT, 'width': WIDTH, 'ori_shape': (HEIGHT, WIDTH), 'img_shape': (HEIGHT, WIDTH)}
    return {'img': picture, 'img_path': 'a.jpg', 'img_id': 1, 'instances': instances, **shapes}


@pytest.mark.fast
def test_three_kinds():
    info = loaded_picture([POLYGONS[0], rle_of(POLYGONS[1]), None], [*BOXES, [5.0, 70, 30, 88]])
    info['instances'][1]['ignore_flag'] = 0
    untouched = copy.deepcopy(info['instances'])
    results = LoadTrashAnnotations()(info)
    assert isinstance(results['gt_bboxes'], HorizontalBoxes)
    np.testing.assert_array_equal(results['gt_bboxes'].tensor, [*BOXES, [5, 70, 30, 88]])
    assert results['gt_bboxes_labels'].tolist() == [0, 1, 2]
    assert results['gt_ignore_flags'].tolist() == [False, False, False]
    assert results['gt_masks'].has_mask.tolist() == [True, True, False]
    np.testing.assert_array_equal(results['gt_masks'].get_bboxes().tensor[2], [5, 70, 30, 88])
    assert results['instances'] == untouched


@pytest.mark.fast
def test_only_the_data_set_makes_ignore_regions():
    info = loaded_picture([rle_of(POLYGONS[0]), rle_of(POLYGONS[1])])
    info['instances'][1]['ignore_flag'] = 1
    assert LoadTrashAnnotations()(info)['gt_ignore_flags'].tolist() == [False, True]


@pytest.mark.fast
def test_picture_without_objects():
    results = LoadTrashAnnotations()(loaded_picture([], []))
    assert len(results['gt_bboxes']) == len(results['gt_masks']) == len(results['gt_ignore_flags']) == 0


@pytest.mark.fast
def test_without_masks():
    assert 'gt_masks' not in LoadTrashAnnotations(with_mask=False)(loaded_picture([None, None]))


@pytest.mark.fast
def test_a_mask_that_does_not_fit_names_the_picture():
    with pytest.raises(UserError, match=r'a\.jpg.*size'):
        LoadTrashAnnotations()(loaded_picture([{'size': [1, 1], 'counts': [1]}, None]))


PIPELINES = {
    'flip': [{'type': 'RandomFlip', 'prob': 1.0, 'direction': ['horizontal', 'vertical', 'diagonal']}],
    'resize': [{'type': 'Resize', 'scale': (200, 160), 'keep_ratio': True}],
    'stretch': [{'type': 'Resize', 'scale': (200, 160), 'keep_ratio': False}],
    'choice of sizes': [{'type': 'RandomChoiceResize', 'scales': [(150, 100), (240, 300)], 'keep_ratio': True}],
    'crop': [{'type': 'RandomCrop', 'crop_type': 'absolute_range', 'crop_size': (50, 90), 'allow_negative_crop': True}],
    'crop and box of the mask': [
        {'type': 'Resize', 'scale': (240, 180), 'keep_ratio': True},
        {'type': 'RandomCrop', 'crop_size': (100, 100), 'recompute_bbox': True, 'bbox_clip_border': True},
    ],
    'pad': [{'type': 'Pad', 'size_divisor': 32}],
    'expand': [{'type': 'Expand'}],
    'crop by overlap': [{'type': 'MinIoURandomCrop'}],
    'turn': [{'type': 'Rotate', 'prob': 1.0, 'level': 7}],
    'shear': [{'type': 'ShearX', 'prob': 1.0, 'level': 7}, {'type': 'ShearY', 'prob': 1.0, 'level': 5}],
    'shift': [{'type': 'TranslateX', 'prob': 1.0, 'level': 7}, {'type': 'TranslateY', 'prob': 1.0, 'level': 5}],
    'recipe': [
        {'type': 'RandomChoiceResize', 'scales': [(150, 120), (240, 180)], 'keep_ratio': True},
        {'type': 'RandomCrop', 'crop_type': 'absolute_range', 'crop_size': (60, 110), 'allow_negative_crop': True},
        {'type': 'RandomChoiceResize', 'scales': [(130, 200), (240, 260)], 'keep_ratio': True},
        {'type': 'RandomFlip', 'prob': 0.5},
        {'type': 'Pad', 'size': (270, 270)},
    ],
}


def run(load: dict, steps: list, seed: int) -> dict:
    """Send one picture through a pipeline with given randomness."""
    random.seed(seed)
    np.random.seed(seed)
    masks = [POLYGONS[0], rle_of(POLYGONS[1])]
    return Compose([TRANSFORMS.build({**step, '_scope_': 'mmdet'}) for step in (load, *steps)])(loaded_picture(masks))


@pytest.mark.parametrize('steps', PIPELINES.values(), ids=PIPELINES)
def test_pipelines_move_masks_as_upstream_does(steps):
    compared = 0
    for seed in range(6):
        results = run({'type': 'LoadTrashAnnotations'}, steps, seed)
        upstream = run({'type': 'LoadAnnotations', 'with_bbox': True, 'with_mask': True}, steps, seed)
        assert isinstance(results['gt_masks'], InstanceMasks)
        np.testing.assert_allclose(results['gt_bboxes'].tensor, upstream['gt_bboxes'].tensor, atol=4)
        ours, theirs = results['gt_masks'].to_ndarray(), upstream['gt_masks'].to_ndarray()
        assert ours.shape == theirs.shape == (len(results['gt_bboxes']), *results['img'].shape[:2])
        for mask, reference in zip(ours, theirs, strict=True):
            if reference.sum() > 200:
                assert (mask & reference).sum() / (mask | reference).sum() > 0.95
                compared += 1
    assert compared >= 4


@pytest.mark.fast
def test_filter_and_pack_keep_what_has_no_mask():
    info = loaded_picture([POLYGONS[0], rle_of(POLYGONS[1]), None], [*BOXES, [5.0, 70, 30, 88]])
    info['instances'][0]['ignore_flag'] = 1
    steps = [
        {'type': 'LoadTrashAnnotations'},
        {'type': 'FilterAnnotations', 'min_gt_bbox_wh': (1, 1), 'by_mask': True, 'min_gt_mask_area': 100},
        {'type': 'PackDetInputs', 'meta_keys': ('img_id',)},
    ]
    sample = Compose([TRANSFORMS.build({**step, '_scope_': 'mmdet'}) for step in steps])(info)['data_samples']
    assert sample.gt_instances.masks.has_mask.tolist() == [True, False]
    assert sample.gt_instances.labels.tolist() == [1, 2]
    assert len(sample.ignored_instances.masks) == 1


@pytest.mark.parametrize('name, sources', [('CachedMosaic', 4), ('CachedMixUp', 2)])
def test_mosaic_and_mixup_join_pictures(name, sources):
    random.seed(1)
    np.random.seed(1)
    mix = TRANSFORMS.build(
        {'type': f'mmdet.{name}', 'img_scale': (100, 100)}
    )  # upstream's mosaic swaps the sides of others
    for _ in range(6):  # the first ones only fill the cache
        results = mix(LoadTrashAnnotations()(loaded_picture([POLYGONS[0], rle_of(POLYGONS[1])])))
    masks, boxes = results['gt_masks'], results['gt_bboxes']
    assert 2 < len(masks) == len(boxes) <= 2 * sources
    assert (masks.get_bboxes().tensor - boxes.tensor).abs().max() < 4


def test_copy_paste():
    load = LoadTrashAnnotations()
    source, target = (load(loaded_picture([POLYGONS[0], rle_of(POLYGONS[1])])) for _ in range(2))
    random.seed(0)
    np.random.seed(2)
    paste = TRANSFORMS.build({'type': 'mmdet.CopyPaste', 'selected': False})
    results = paste({**target, 'mix_results': [source]})
    assert len(results['gt_masks']) == len(results['gt_bboxes']) >= 2
