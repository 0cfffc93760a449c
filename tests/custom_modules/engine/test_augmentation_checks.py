"""Augmentation that cannot work is refused before training, in one line."""

import pytest

from custom_modules.engine.augmentation_checks import check_augmentation
from custom_modules.utils import UserError

pytestmark = pytest.mark.fast
CLASSES = ('Metal', 'Battery')
LOAD = [{'type': 'LoadImageFromFile'}, {'type': 'LoadTrashAnnotations', 'with_mask': True}]
LOAD_BOXES = [{'type': 'LoadImageFromFile'}, {'type': 'LoadTrashAnnotations', 'with_mask': False}]
PACK = {'type': 'PackDetInputs'}


def plain(*steps: dict, load: list = LOAD) -> dict:
    return {'type': 'TrashDetDataset', 'ann_file': 'train.json', 'pipeline': [*load, *steps, PACK]}


def mixed(*steps: dict, load: list = LOAD) -> dict:
    inner = {'type': 'TrashDetDataset', 'ann_file': 'train.json', 'pipeline': load}
    return {'type': 'mmdet.MultiImageMixDataset', 'dataset': inner, 'pipeline': [*steps, PACK]}


PASTE = {'type': 'TrashCopyPaste', 'class_weights': {'Battery': 3}}


@pytest.mark.parametrize(
    'dataset',
    [
        plain({'type': 'RandomFlip'}, {'type': 'RandomRotate90'}, {'type': 'TrashAlbu', 'transforms': [{'type': 'X'}]}),
        mixed({'type': 'TrashMosaic'}, {'type': 'TrashMixUp'}, PASTE, {'type': 'mmdet.RandomFlip'}),
        mixed({'type': 'Mosaic'}, {'type': 'RandomAffine'}, {'type': 'TrashMixUp'}, load=LOAD_BOXES),
        {'type': 'RepeatDataset', 'times': 2, 'dataset': mixed(PASTE)},
        {'type': 'ConcatDataset', 'datasets': [plain(), mixed(PASTE)]},
    ],
    ids=['plain', 'mixed', 'boxes', 'repeated', 'joined'],
)
def test_what_works(dataset):
    check_augmentation(dataset, CLASSES, has_masks=True)


@pytest.mark.parametrize(
    ('dataset', 'has_masks', 'message'),
    [
        (mixed(PASTE), False, 'TrashCopyPaste needs masks, but the data set has boxes only: take it out'),
        (
            mixed(PASTE, load=LOAD_BOXES),
            True,
            'TrashCopyPaste needs masks, but the training pipeline loads none: set with',
        ),
        (plain(PASTE), True, 'TrashCopyPaste mixes pictures: .* MultiImageMixDataset .*htc_swin_b_mosaic.py'),
        (
            mixed({'type': 'RandomApply', 'transforms': [{'type': 'TrashMosaic'}]}),
            True,
            'TrashMosaic mixes pictures: it belongs directly',
        ),
        (
            mixed({**PASTE, 'class_weights': {'Accu': 1}}),
            True,
            'names Accu; the classes of the data are Metal, Bat',
        ),
        (mixed({'type': 'mmdet.Mosaic'}), True, 'Mosaic does not move masks along; use TrashMosaic'),
        (plain({'type': 'RandomErasing', 'n_patches': 1}), True, 'RandomErasing does not .* masks along; use CutOut'),
        (plain({'type': 'Albu', 'transforms': []}), True, 'Albu does not move masks along; use TrashAlbu'),
        (
            plain({'type': 'CachedMixUp'}, load=LOAD_BOXES),
            True,
            'depends on how samples fall to workers; use TrashMixUp',
        ),
    ],
    ids=[
        'no masks',
        'masks not loaded',
        'no wrapper',
        'nested',
        'class',
        'upstream mosaic',
        'erasing',
        'upstream albu',
        'cached',
    ],
)
def test_what_does_not(dataset, has_masks, message):
    with pytest.raises(UserError, match=message) as caught:
        check_augmentation(dataset, CLASSES, has_masks=has_masks)
    assert '\n' not in str(caught.value)
