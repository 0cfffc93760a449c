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


LOAD_LABELS = [{'type': 'LoadImageFromFile'}, {'type': 'LoadTrashSegmentation'}]
SEGMENT_CLASSES = ('Background', *CLASSES)
BLOBS = {'type': 'CopyBlob', 'paste': {'Battery': ['Background', 'Metal']}}
PASTE_BLOBS = {'type': 'TrashSegCopyPaste', 'classes': ['Battery'], 'class_weights': {'Battery': 2}}


def labelled(*steps: dict, wrapper: str | None = 'MultiImageMixDataset') -> dict:
    """A segmenter's data set, in a wrapper or without."""
    if wrapper is None:
        return {'type': 'TrashSegDataset', 'pipeline': [*LOAD_LABELS, *steps, {'type': 'PackSegInputs'}]}
    inner = {'type': 'TrashSegDataset', 'ann_file': 'train.json', 'pipeline': LOAD_LABELS}
    return {'type': wrapper, 'dataset': inner, 'pipeline': [*steps, {'type': 'PackSegInputs'}]}


@pytest.mark.parametrize(
    'dataset',
    [
        labelled({'type': 'CLAHE'}, {'type': 'RandomRotate90'}, {'type': 'RandomFlip'}, wrapper=None),
        labelled({'type': 'CutMix'}, BLOBS, PASTE_BLOBS, {'type': 'RandomMosaic'}, {'type': 'RandomCutOut'}),
        labelled({'type': 'mmseg.CutMix'}, wrapper='mmseg.MultiImageMixDataset'),
        {'type': 'RepeatDataset', 'times': 2, 'dataset': labelled(BLOBS)},
    ],
    ids=['plain', 'mixed', 'scope', 'repeated'],
)
def test_what_works_for_segmenters(dataset):
    check_augmentation(dataset, SEGMENT_CLASSES, has_masks=True, scope='mmseg')


@pytest.mark.parametrize(
    ('dataset', 'message'),
    [
        (labelled({'type': 'CutMix'}, wrapper=None), 'CutMix mixes pictures: .* MultiImageMixDataset .*_b5_cutmix.py'),
        (labelled({'type': 'RandomApply', 'transforms': [BLOBS]}), 'CopyBlob mixes pictures: it belongs directly'),
        (labelled({'type': 'RandomMosaic', 'prob': 1}, wrapper=None), 'RandomMosaic mixes pictures'),
        (labelled(BLOBS, wrapper='mmdet.MultiImageMixDataset'), 'CopyBlob gets no pictures from a mmdet.Multi'),
        (labelled(PASTE), 'TrashCopyPaste is not for the models of this config; use TrashSegCopyPaste'),
        (labelled({**BLOBS, 'paste': {'Batttery': ['Metal']}}), 'paste names Batttery; did you mean Battery'),
        (labelled({**BLOBS, 'paste': {'Battery': ['Backgrond']}}), 'CopyBlob: paste names Backgrond'),
        (labelled({**PASTE_BLOBS, 'classes': ['Glass']}), 'TrashSegCopyPaste: classes names Glass; the classes of'),
        (labelled({**PASTE_BLOBS, 'class_weights': {'Glas': 1}}), 'TrashSegCopyPaste: class_weights names Glas'),
        (labelled({'type': 'Albu', 'transforms': []}, wrapper=None), 'which no seed repeats; use TrashAlbu'),
    ],
    ids=[
        *('no wrapper', 'nested', 'mosaic without wrapper', "detectors' wrapper", "detectors' copy-paste"),
        *('pasted class', 'covered class', 'chosen class', 'weighed class', 'upstream albu'),
    ],
)
def test_what_does_not_for_segmenters(dataset, message):
    with pytest.raises(UserError, match=message) as caught:
        check_augmentation(dataset, SEGMENT_CLASSES, has_masks=True, scope='mmseg')
    assert '\n' not in str(caught.value)


def test_copy_paste_of_segmenters_in_a_detector():
    with pytest.raises(UserError, match='TrashSegCopyPaste is not for the models of this config; use TrashCopyPaste'):
        check_augmentation(mixed(PASTE_BLOBS), CLASSES, has_masks=True)
