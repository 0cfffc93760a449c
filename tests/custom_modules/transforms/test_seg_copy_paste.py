"""Copy-paste from label maps: which classes, how large and where."""

import numpy as np
import pytest
import torch

from custom_modules.transforms import TrashSegCopyPaste
from custom_modules.utils import UserError
from tests.custom_modules.transforms.label_pictures import Pictures, mixed, picture

pytestmark = pytest.mark.fast

WHOLE = dict(num_objects=(1, 1), scale=(1.0, 1.0), flip_ratio=0.0, min_pixels=1, max_share=1.0, prob=1.0)
SCENES = (*[['000000', '022200', '022200', '000000']] * 4, ['000000', '003000', '003000', '000000'])


def shares(step: TrashSegCopyPaste) -> dict[int, float]:
    """How often each class is pasted."""
    dataset = Pictures(*SCENES)
    np.random.seed(0)
    labels = [mixed(step, picture(['111111'] * 4), dataset)['gt_seg_map'].max() for _ in range(400)]
    return {int(label): labels.count(label) / 400 for label in set(labels)}


@pytest.mark.parametrize(
    ('options', 'share_of_fences'),
    [
        ({}, 2 / 3),  # weights 1 / 2 and 1
        ({'class_weights': 'equal'}, 1 / 2),
        ({'class_weights': 'natural'}, 1 / 5),
        ({'class_weights': {'fence': 3}}, 3 / 4),
        ({'classes': ['fence']}, 1),
        ({'classes': ['bus']}, 0),
    ],
    ids=str,
)
def test_classes_are_drawn_by_weight(options, share_of_fences):
    found = shares(TrashSegCopyPaste(**WHOLE, **options))
    assert found.get(3, 0) == pytest.approx(share_of_fences, abs=0.07)
    assert set(found) <= {2, 3}


def test_shared_factors_change_what_is_pasted():
    step = TrashSegCopyPaste(**WHOLE)
    factors = torch.tensor([1.0, 1, 0, 1], dtype=torch.float64).share_memory_()
    step.share_factors(factors)
    assert shares(step) == {3: 1.0}
    factors.copy_(torch.tensor([1.0, 1, 1, 0]))
    assert shares(step) == {2: 1.0}


def test_a_blob_is_pasted_anywhere_inside_with_its_pixels():
    step, dataset, places = TrashSegCopyPaste(**WHOLE), Pictures(SCENES[4]), set()
    np.random.seed(0)
    before = picture(['12#1', '3#12', '1111'], number=7)
    for _ in range(200):
        results = mixed(step, before, dataset)
        is_pasted = (results['img'][..., 2] == 0) & (results['gt_seg_map'] == 3)
        assert is_pasted.sum() in (1, 2)  # a picture 3/4 as high: a column of 2 px becomes 1 or 2
        np.testing.assert_array_equal(results['gt_seg_map'][~is_pasted], before['gt_seg_map'][~is_pasted])
        np.testing.assert_array_equal(results['img'][~is_pasted], before['img'][~is_pasted])
        places.add(tuple(np.argwhere(is_pasted)[0]))
    assert len(places) >= 8


@pytest.mark.parametrize(('max_share', 'pixels'), [(1.0, 64), (0.25, 16), (0.0625, 4), (0.001, 1)], ids=str)
def test_large_blobs_are_scaled_down(max_share, pixels):
    step, dataset = TrashSegCopyPaste(**{**WHOLE, 'max_share': max_share}), Pictures(['3' * 8] * 8)
    labels = mixed(step, picture(['1' * 8] * 8), dataset)['gt_seg_map']
    assert (labels == 3).sum() == pixels


def test_blobs_are_mirrored_by_chance():
    step, dataset = TrashSegCopyPaste(**{**WHOLE, 'flip_ratio': 0.25}), Pictures(['0000', '0330', '0300', '0000'])
    np.random.seed(0)
    mirrored = []
    for _ in range(400):
        results = mixed(step, picture(['1111'] * 4), dataset)
        rows, columns = np.nonzero(results['gt_seg_map'] == 3)
        assert len(rows) == 3
        mirrored.append(columns[2] > columns[0])
        sources = results['img'][rows, columns, 1].tolist()
        assert sources == ([2, 1, 1] if mirrored[-1] else [1, 2, 1])
    assert np.mean(mirrored) == pytest.approx(0.25, abs=0.06)


def test_several_blobs():
    step = TrashSegCopyPaste(**{**WHOLE, 'num_objects': (3, 3)})
    np.random.seed(0)
    labels = mixed(step, picture(['1' * 60] * 40), Pictures(SCENES[4]))['gt_seg_map']
    assert (labels == 3).sum() > 0 and set(np.unique(labels)) == {1, 3}


@pytest.mark.parametrize(
    'target', [['#'], ['1'], ['##', '##'], ['1' * 300]], ids=['ignored pixel', 'pixel', 'ignored', 'line']
)
def test_tiny_and_ignored_pictures(target):
    step, dataset = TrashSegCopyPaste(**{**WHOLE, 'scale': (0.1, 8.0)}), Pictures(*SCENES)
    np.random.seed(0)
    for _ in range(30):
        results = mixed(step, picture(target), dataset)
        assert results['gt_seg_map'].shape == results['img'].shape[:2] == picture(target)['gt_seg_map'].shape
        assert set(np.unique(results['gt_seg_map'])) <= {*np.unique(picture(target)['gt_seg_map']), 2, 3}


def test_what_the_class_list_promises_but_the_label_map_lacks():
    """An object that others cover, or that is too small: nothing is pasted."""
    dataset = Pictures(['0300'])
    dataset.pictures[0]['gt_seg_map'][:] = 0
    dataset.get_cat_ids = lambda index: [3]
    target = picture(['1111'])
    np.testing.assert_array_equal(mixed(TrashSegCopyPaste(**WHOLE), target, dataset)['img'], target['img'])


def test_the_same_seed_pastes_the_same():
    step, dataset = TrashSegCopyPaste(prob=1.0, min_pixels=1), Pictures(*SCENES)
    found = []
    for _ in range(2):
        np.random.seed(3)
        found.append([mixed(step, dataset[0], dataset)['gt_seg_map'].tolist() for _ in range(10)])
    assert found[0] == found[1]


@pytest.mark.parametrize(
    'options', [{'max_share': 0.0}, {'max_share': 1.5}, {'flip_ratio': -1}, {'min_pixels': 0}, {'prob': 2}], ids=str
)
def test_impossible_settings(options):
    with pytest.raises(ValueError, match=f'TrashSegCopyPaste: {next(iter(options))} is'):
        TrashSegCopyPaste(**options)


def test_mistakes_are_told():
    dataset = Pictures(*SCENES)
    with pytest.raises(UserError, match='TrashSegCopyPaste: classes names fense; did you mean fence'):
        TrashSegCopyPaste(classes=['fense']).get_indices(dataset)
    with pytest.raises(UserError, match=r'no training picture shows what is to be pasted \(road\)'):
        TrashSegCopyPaste(classes=['road']).get_indices(dataset)
    with pytest.raises(UserError, match='no training picture shows what is to be pasted'):
        TrashSegCopyPaste().get_indices(Pictures(['0#']))
    with pytest.raises(UserError, match="class_weights 'often'"):
        TrashSegCopyPaste(class_weights='often')
