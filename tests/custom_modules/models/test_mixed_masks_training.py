"""One file with polygons, run-length masks and boxes without a mask, through the whole pipeline into HTC."""

import json

import numpy as np
import pytest
import torch
from faster_coco_eval.core import mask as coco_mask
from mmdet.registry import DATASETS, MODELS
from mmengine.dataset import pseudo_collate
from PIL import Image

from custom_modules.models import set_num_classes

PIPELINE = [
    {'type': 'LoadImageFromFile'},
    {'type': 'LoadTrashAnnotations', 'with_mask': True},
    {'type': 'RandomFlip', 'prob': 1.0},
    {'type': 'Resize', 'scale': (128, 128), 'keep_ratio': True},
    {'type': 'FilterAnnotations', 'min_gt_bbox_wh': (1, 1)},
    {'type': 'PackDetInputs'},
]


def write_set(folder, outlines: list, kinds: list[list[str]]) -> None:
    """Write a set of pictures whose objects have a mask of the kinds given."""
    images, annotations = [], []
    for image_id, picture in enumerate(kinds):
        pixels = np.random.RandomState(image_id).randint(0, 255, (96, 96, 3), np.uint8)
        for i, kind in enumerate(picture):
            points = np.reshape(outlines[i], (-1, 2))
            (x1, y1), (x2, y2) = points.min(axis=0), points.max(axis=0)
            box = [float(v) for v in (x1, y1, x2 - x1, y2 - y1)]
            record = {'id': len(annotations), 'image_id': image_id, 'category_id': i, 'bbox': box, 'iscrowd': 0}
            record |= {'area': box[2] * box[3]}
            if kind == 'polygon':
                record['segmentation'] = [outlines[i]]
            elif kind == 'rle':
                rle = coco_mask.merge(coco_mask.frPyObjects([outlines[i]], 96, 96))
                record['segmentation'] = {'size': [96, 96], 'counts': rle['counts'].decode()}
            annotations.append(record)
        Image.fromarray(pixels).save(folder / f'{image_id}.png')
        images.append({'id': image_id, 'file_name': f'{image_id}.png', 'width': 96, 'height': 96})
    categories = [{'id': i, 'name': name} for i, name in enumerate(['bottle', 'can', 'bag'])]
    text = json.dumps({'images': images, 'annotations': annotations, 'categories': categories})
    (folder / 'train.json').write_text(text)


@pytest.fixture
def step(small_model, outlines, tmp_path):
    """Give a function that trains HTC for one step on pictures with masks of the kinds given."""

    def run(kinds: list[list[str]]) -> tuple[dict, torch.nn.Module, list]:
        write_set(tmp_path, outlines, kinds)
        dataset = DATASETS.build(
            {'type': 'TrashDetDataset', 'data_root': str(tmp_path), 'ann_file': 'train.json', 'pipeline': PIPELINE}
        )
        cfg = small_model('htc/htc-without-semantic_r50_fpn_1x_coco.py')
        for head in cfg.roi_head.mask_head:
            head.type = 'TrashHTCMaskHead'
        set_num_classes(cfg, 3)
        torch.manual_seed(0)
        model = MODELS.build(cfg)
        model.init_weights()
        model.train()
        data = model.data_preprocessor(pseudo_collate([dataset[i] for i in range(len(kinds))]), True)
        losses = model.loss(data['inputs'], data['data_samples'])
        total, log = model.parse_losses(losses)
        total.backward()
        return {name: float(value) for name, value in log.items()}, model, data['data_samples']

    return run


def test_a_file_that_mixes_all_three(step):
    losses, model, samples = step([['polygon', 'rle', 'none'], ['none', 'none', 'rle']])
    assert [sample.gt_instances.masks.has_mask.tolist() for sample in samples] == [[1, 1, 0], [0, 0, 1]]
    assert all(len(sample.gt_instances) == 3 and len(sample.ignored_instances) == 0 for sample in samples)
    for stage in range(3):
        assert losses[f's{stage}.loss_mask'] > 0 and losses[f's{stage}.loss_cls'] > 0
    gradients = [weight.grad for weight in model.parameters() if weight.requires_grad]
    assert all(grad is not None and torch.isfinite(grad).all() for grad in gradients)


def test_an_object_with_rle_trains_like_one_with_polygons(step):
    polygons, *_ = step([['polygon'] * 3])
    rles, *_ = step([['rle'] * 3])
    for name, value in polygons.items():
        exact = 'mask' not in name and name != 'loss'
        assert rles[name] == pytest.approx(value, rel=1e-6 if exact else 0.02), name


def test_boxes_without_mask_train_the_box_branch_only(step):
    all_masks, *_ = step([['polygon'] * 3])
    none, model, _ = step([['none'] * 3])
    for name, value in all_masks.items():
        if 'loss_mask' in name:
            assert none[name] == 0
        elif name != 'loss':
            assert none[name] == pytest.approx(value, rel=1e-6), name
    of_masks = [weight.grad for name, weight in model.named_parameters() if 'mask_head' in name]
    assert all(grad is not None and not grad.any() for grad in of_masks)  # zeros, not None: DDP waits for each
