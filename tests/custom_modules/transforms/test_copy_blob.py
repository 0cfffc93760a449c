"""Blobs come onto pixels of the classes named, and onto no others."""

import numpy as np
import pytest

from custom_modules.transforms import CopyBlob
from custom_modules.transforms.copy_blob import find_place
from custom_modules.utils import UserError
from tests.custom_modules.transforms.label_pictures import Pictures, mixed, picture

pytestmark = pytest.mark.fast

BUS = ['000000', '022200', '022200', '000000']  # 2 rows, 3 columns
STREET = ['0000000000', '1111111111', '1131111#11', '1111111111']
PASTE = {'bus': ['road']}
WHOLE = dict(num_objects=(1, 1), scale=(1.0, 1.0), flip_ratio=0.0, min_pixels=1, max_share=1.0, prob=1.0)


def streets(count: int = 40, street: list[str] = STREET, **options) -> list[np.ndarray]:
    """Label maps of the street with blobs, the picture's sizes alike so that nothing is scaled."""
    bus = ['0' * 10, '0222000000', '0222000000', '0' * 10]
    step, dataset = CopyBlob(PASTE, **{**WHOLE, **options}), Pictures(street, bus)
    np.random.seed(1)
    return [mixed(step, dataset[0], dataset)['gt_seg_map'] for _ in range(count)]


def test_a_blob_lies_where_all_of_it_is_allowed():
    before, places = picture(STREET)['gt_seg_map'], set()
    for labels in streets():
        changed = labels != before
        assert set(before[changed]) <= {1} and set(labels[changed]) <= {2}
        np.testing.assert_array_equal(labels[~changed], before[~changed])
        rows, columns = np.nonzero(changed)
        assert changed.sum() in (0, 6)  # whole or not at all
        if changed.any():
            places.add((rows.min(), columns.min()))
    assert places == {(1, 3), (1, 4), (2, 3), (2, 4)}  # between fence and ignored pixel, in all places that there are


def test_what_does_not_fit_lies_behind():
    before = picture(STREET)['gt_seg_map']
    counts = set()
    for labels in streets(min_fit=0.5):
        changed = labels != before
        assert set(before[changed]) <= {1} and set(labels[changed]) <= {2}
        counts.add(int(changed.sum()))
    assert counts == {5, 6}  # next to each other the fence and the ignored pixel never are


@pytest.mark.parametrize(
    'street',
    [['0' * 10] * 4, ['#' * 10] * 4, ['1#1#1#1#1#'] * 4, ['#'], ['3' * 10, '1' * 10, '3' * 10, '3' * 10]],
    ids=['no road', 'all ignored', 'narrow', 'one pixel', 'a row of road'],
)
def test_a_picture_without_room_stays_as_it_is(street):
    for labels in streets(5, street):
        np.testing.assert_array_equal(labels, picture(street)['gt_seg_map'])


def test_pixels_come_with_their_labels():
    step, dataset = CopyBlob(PASTE, **WHOLE), Pictures(['1' * 6] * 4, BUS)
    np.random.seed(0)
    results = mixed(step, dataset[0], dataset)
    is_pasted = results['gt_seg_map'] == 2
    assert is_pasted.sum() == 6
    assert results['img'][is_pasted].tolist() == [[y, x, 1] for y in (1, 2) for x in (1, 2, 3)]
    np.testing.assert_array_equal(results['img'][~is_pasted], dataset[0]['img'][~is_pasted])


def test_ignored_pixels_are_no_part_of_a_blob():
    bus = ['0' * 6, '022#00', '022200', '0' * 6]
    step, dataset = CopyBlob(PASTE, **WHOLE), Pictures(['1' * 6] * 4, bus)
    labels = mixed(step, dataset[0], dataset)['gt_seg_map']
    assert (labels == 2).sum() == 5 and set(np.unique(labels)) == {1, 2}


def test_classes_are_drawn_alike_however_rare():
    step = CopyBlob({'bus': ['road'], 'fence': ['Background']}, **WHOLE)
    dataset = Pictures(*[['020']] * 9, ['030'])
    np.random.seed(0)
    drawn = [step.get_indices(dataset)[0] for _ in range(400)]
    assert np.mean([position == 9 for position in drawn]) == pytest.approx(0.5, abs=0.08)


def test_blobs_of_larger_pictures_shrink_with_them_and_fit_inside():
    step, dataset = CopyBlob(PASTE, **WHOLE), Pictures(['2' * 40] * 40)
    labels = mixed(step, picture(['1' * 10] * 5), dataset)['gt_seg_map']
    assert (labels == 2).sum() == 25  # 40 px become 5


def test_the_same_seed_pastes_the_same():
    np.testing.assert_array_equal(streets(), streets())


def test_no_paste_reads_no_other_picture():
    step, dataset = CopyBlob(PASTE, **{**WHOLE, 'prob': 0.0}), Pictures(STREET, BUS)
    assert step.get_indices(dataset) == []
    target = dataset[0]
    assert step({**target, 'mix_results': []})['img'] is target['img']


@pytest.mark.parametrize(
    ('paste', 'message'),
    [
        ({'buz': ['road']}, 'CopyBlob: paste names buz; did you mean bus'),
        ({'bus': ['raod']}, 'CopyBlob: paste names raod'),
        ({'fence': ['road']}, 'CopyBlob: no training picture shows fence'),
    ],
    ids=['pasted', 'covered', 'absent'],
)
def test_mistakes_are_told_when_the_classes_are_known(paste, message):
    with pytest.raises(UserError, match=message):
        CopyBlob(paste).get_indices(Pictures(['1111'], BUS))


@pytest.mark.parametrize('paste', [{}, {'bus': 'road'}, {'bus': []}, ['bus']], ids=str)
def test_what_is_no_table_is_told_when_it_is_built(paste):
    with pytest.raises(ValueError, match="give the classes that each may cover, such as {'Battery': "):
        CopyBlob(paste)


def test_places_are_drawn_alike():
    allowed = np.zeros((6, 9), bool)
    allowed[2:4, 1:8] = True
    np.random.seed(0)
    places = [find_place(np.ones((2, 3), bool), allowed) for _ in range(500)]
    found, counts = np.unique(places, axis=0, return_counts=True)
    assert found.tolist() == [[x, 2] for x in range(1, 6)]
    assert counts.min() > 70
