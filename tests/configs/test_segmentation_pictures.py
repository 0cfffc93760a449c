"""What can be wrong with pictures and masks of a segmenter's data: handled, or refused before training by name."""

import json

import numpy as np
import pytest
import torch
from mmengine.registry import MODELS, DefaultScope
from mmseg.registry import DATASETS
from PIL import Image

from custom_modules.datasets import check_data_root, load_coco
from custom_modules.datasets.label_maps import LabelMaps
from custom_modules.engine import load_config
from custom_modules.utils import UserError

CROP = (512, 512)


@pytest.fixture
def write_one(tmp_path):
    """A function that writes train.json and val.json with one picture and one object."""

    def write(picture: Image.Image, name: str = 'a.png', segmentation=None, **options):
        picture.save(tmp_path / name, **options)
        width, height = picture.size
        record = {'id': 1, 'image_id': 1, 'category_id': 1, 'bbox': [2, 2, 8, 4], 'area': 32, 'iscrowd': 0}
        mask = [[2, 2, 10, 2, 10, 6, 2, 6]] if segmentation is None else segmentation
        content = {
            'images': [{'id': 1, 'file_name': name, 'width': width, 'height': height}],
            'categories': [{'id': 1, 'name': 'Paper'}],
            'annotations': [{**record, 'segmentation': mask}],
        }
        for file in ('train.json', 'val.json'):
            (tmp_path / file).write_text(json.dumps(content))
        return tmp_path

    return write


def noise(mode: str, size=(40, 30)) -> Image.Image:
    rng = np.random.default_rng(0)
    if mode in ('I;16', 'I', 'F'):
        kind = {'I;16': np.uint16, 'I': np.int32, 'F': np.float32}[mode]
        return Image.fromarray(rng.integers(0, 65536, size[::-1]).astype(kind))
    return Image.fromarray(rng.integers(0, 256, (*size[::-1], 3), dtype=np.uint8)).convert(mode)


def training_set(root):
    cfg = load_config('configs/trash/upernet_swin_t.py')
    with DefaultScope.overwrite_default_scope('mmseg'):
        dataset = DATASETS.build({**cfg.train_dataloader.dataset, 'data_root': str(root)})
        return dataset, MODELS.build(cfg.model.data_preprocessor)


@pytest.mark.parametrize(
    ('mode', 'name'),
    [
        ('L', 'a.png'),
        ('L', 'a.jpg'),
        ('1', 'a.png'),
        ('P', 'a.png'),
        ('LA', 'a.png'),
        ('RGBA', 'a.png'),
        ('I;16', 'a.png'),
        ('CMYK', 'a.jpg'),
    ],
)
def test_pictures_that_are_not_rgb(write_one, mode, name):
    root = write_one(noise(mode), name)
    check_data_root(root)
    sample = training_set(root)[0][0]
    assert sample['inputs'].dtype == torch.uint8 and len(sample['inputs']) == 3
    assert sample['inputs'].float().std() > 20  # 16 bits are scaled to 8, not cut off
    assert sample['inputs'].shape[1:] == sample['data_samples'].gt_sem_seg.data.shape[1:]


@pytest.mark.parametrize('mode', ['I', 'F'])
def test_pictures_of_32_bits_are_refused(write_one, mode):
    with pytest.raises(UserError, match=r'unreadable image: 1 \(image 1: a\.tif \(32 bits a sample'):
        check_data_root(write_one(noise(mode), 'a.tif'))


@pytest.mark.parametrize(('orientation', 'name'), [(6, 'a.jpg'), (8, 'a.png')])
def test_turned_pictures_are_refused(write_one, orientation, name):
    exif = Image.Exif()
    exif[0x0112] = orientation
    with pytest.raises(UserError, match=rf'EXIF orientation unlike the json.*image 1: {name} has orientation'):
        check_data_root(write_one(noise('RGB'), name, exif=exif))


@pytest.mark.parametrize('size', [(40, 30), (900, 20), (20, 900), (1, 1)], ids=str)
def test_pictures_smaller_than_the_crop_are_padded(write_one, size):
    dataset, preprocess = training_set(write_one(noise('RGB', size)))
    for _ in range(3):
        sample = dataset[0]
        height, width = sample['inputs'].shape[1:]
        assert height <= CROP[0] and width <= CROP[1]
        batch = {'inputs': [sample['inputs']], 'data_samples': [sample['data_samples']]}
        data = preprocess(batch, training=True)
        labels = data['data_samples'][0].gt_sem_seg.data[0]
        assert data['inputs'].shape == (1, 3, *CROP) and labels.shape == CROP
        padding = torch.ones(CROP, dtype=torch.bool)
        padding[:height, :width] = False
        assert (labels[padding] == 255).all() and (labels[~padding] != 255).all()
        assert (data['inputs'][0][:, padding] == 0).all()


RLE = {'size': [30, 40], 'counts': [0, 30, 1170]}  # the first column


@pytest.mark.parametrize(
    ('segmentation', 'finding', 'values'),
    [
        ([[2, 2, 10, 2, 10, 6, 2, 6]], None, {0: 1168, 1: 32}),
        (RLE, None, {0: 1170, 1: 30}),
        # Where the object is inside its box is not known then: the box of 8 x 4 px does not count.
        ([[]], 'unusable mask (left out, its box kept)', {0: 1168, 255: 32}),
        ([[2, 2, 10, 2]], 'unusable mask (left out, its box kept)', {0: 1168, 255: 32}),
        ([[2, 2, 10, 2, 6, 2]], 'unusable mask (left out, its box kept)', {0: 1168, 255: 32}),
        ({**RLE, 'size': [40, 30]}, 'unusable mask (left out, its box kept)', {0: 1168, 255: 32}),
        ({**RLE, 'counts': [0, 30, 1171]}, 'unusable mask (left out, its box kept)', {0: 1168, 255: 32}),
        ({**RLE, 'counts': [1200]}, 'unusable mask (left out, its box kept)', {0: 1168, 255: 32}),
        ([], None, {0: 1168, 255: 32}),
        ([[], [2, 2, 6, 2, 6, 6, 2, 6]], 'unusable part of a polygon mask (left out)', {0: 1184, 1: 16}),
    ],
)
def test_masks(write_one, segmentation, finding, values):
    root = write_one(noise('RGB'), segmentation=segmentation)
    data = load_coco(root / 'train.json')
    labels, counts = np.unique(LabelMaps(data)[1], return_counts=True)
    assert dict(zip(labels.tolist(), counts.tolist(), strict=True)) == values
    examples = [(kind.text, examples) for kind, examples in data.findings.examples.items()]
    assert examples == ([(finding, ['annotation 1 (image 1, a.png)'])] if finding else [])
