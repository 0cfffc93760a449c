"""Probabilities come back as they were stored, and whatever is wrong with a folder is one line."""

import json
import random
import re
import struct

import numpy as np
import pytest

from custom_modules.ensemble import open_probs, write_probs
from custom_modules.ensemble.probs import DATA, INDEX, STEPS, argmax_labels
from custom_modules.ensemble.probs_writing import quantise
from custom_modules.utils import UserError

pytestmark = pytest.mark.fast

CLASSES = ['Background', 'Paper', 'Can']


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=0))
    return (powers / powers.sum(axis=0)).astype(np.float32)


def some_probs(height: int, width: int, seed: int = 0, num_classes: int = 3) -> np.ndarray:
    return softmax(np.random.default_rng(seed).normal(0, 3, (num_classes, height, width)))


@pytest.fixture
def folder(tmp_path):
    """Three pictures of different sizes, 8 bits: 3 x 4 x 5, 3 x 1 x 1 and 3 x 2 x 3 bytes."""
    pictures = [(7, 'a.jpg', some_probs(4, 5)), (2, 'b/ä.jpg', some_probs(1, 1)), (9, 'c.jpg', some_probs(2, 3))]
    write_probs(tmp_path / 'val.probs', CLASSES, pictures)
    return tmp_path / 'val.probs'


@pytest.mark.parametrize(('dtype', 'most'), [('uint8', 1 / 510), ('uint16', 1.02 / 131070)])
def test_what_is_written_comes_back_within_half_a_step(tmp_path, dtype, most):
    """But for the largest class where it is raised by a step to stay the largest."""
    rng = random.Random(dtype)
    sizes = [(rng.randrange(1, 40), rng.randrange(1, 40)) for _ in range(20)]
    pictures = [(10 * number, f'{number}.jpg', some_probs(*size, number)) for number, size in enumerate(sizes)]
    write_probs(tmp_path / 'x.probs', CLASSES, iter(pictures), dtype=dtype)
    maps = open_probs(str(tmp_path / 'x.probs'))
    assert maps.classes == ('Background', 'Paper', 'Can') and maps.dtype == dtype and len(maps) == 20
    assert maps.image_ids == tuple(maps) == tuple(range(0, 200, 10))
    for image_id, name, probs in pictures:
        found = maps[image_id]
        assert found.dtype == np.float32 and found.shape == probs.shape and maps.pictures[image_id].file_name == name
        apart = np.abs(found.astype(np.float64) - probs)
        assert apart.max() <= 3 * most
        assert (apart > most).sum() <= 0.01 * probs[0].size + 1
        assert np.abs(found.sum(axis=0) - 1).max() <= 5 * most
        np.testing.assert_array_equal(maps.labels(image_id), probs.argmax(axis=0))


def test_the_file_is_as_the_format_says(tmp_path):
    """0.5 is 127.5 steps and goes to the even one; rows of a class follow each other, classes do."""
    probs = np.array([[[1, 0.5]], [[0, 0.25]]], np.float32)
    write_probs(tmp_path / 'x.probs', ['a', 'b'], [(3, 'p.jpg', probs), (4, 'q.jpg', probs[:, :, :1])])
    assert (tmp_path / 'x.probs' / DATA).read_bytes() == bytes([255, 128, 0, 64, 255, 0])
    assert json.loads((tmp_path / 'x.probs' / INDEX).read_text()) == {
        'version': 1,
        'classes': ['a', 'b'],
        'pictures': [
            {'id': 3, 'file_name': 'p.jpg', 'height': 1, 'width': 2, 'offset': 0, 'dtype': 'uint8', 'scale': 1 / 255},
            {'id': 4, 'file_name': 'q.jpg', 'height': 1, 'width': 1, 'offset': 4, 'dtype': 'uint8', 'scale': 1 / 255},
        ],
    }
    write_probs(tmp_path / 'x.probs', ['a', 'b'], [(3, 'p.jpg', probs)], dtype='uint16')
    assert (tmp_path / 'x.probs' / DATA).read_bytes() == struct.pack('<4H', 65535, 32768, 0, 16384)
    assert {path.name for path in tmp_path.iterdir()} == {'x.probs'}


@pytest.mark.parametrize('dtype', STEPS)
def test_certainty_stays_certain(tmp_path, dtype):
    probs = np.zeros((3, 2, 2), np.float32)
    probs[1] = 1
    write_probs(tmp_path / 'x.probs', CLASSES, [(1, 'a', probs)], dtype=dtype)
    np.testing.assert_array_equal(open_probs(tmp_path / 'x.probs')[1], probs)


def test_numbers_are_read_from_the_file_not_copied(folder):
    maps = open_probs(folder)
    raw = maps.raw(9)
    assert raw.dtype == np.uint8 and raw.shape == (3, 2, 3) and not raw.flags.owndata and not raw.flags.writeable
    assert np.shares_memory(raw, maps.raw(9))
    np.testing.assert_array_equal(raw, quantise(some_probs(2, 3)))


def test_it_is_a_mapping(folder):
    maps = open_probs(folder)
    assert 7 in maps and 8 not in maps and maps.get(8) is None and maps.get(2).shape == (3, 1, 1)
    assert list(maps) == [7, 2, 9] and [probs.shape[1] for probs in maps.values()] == [4, 1, 2]
    with pytest.raises(UserError, match=r'val\.probs: has no picture with the id 8; predict on the json'):
        maps[8]


def test_pictures_of_another_type_can_lie_in_one_file(folder):
    """16 bits may start at an odd byte."""
    index = json.loads((folder / INDEX).read_text())
    index['pictures'].append({**index['pictures'][0], 'id': 5, 'offset': 81, 'dtype': 'uint16', 'scale': 1 / 65535})
    index['pictures'][-1].update(height=1, width=2)
    (folder / INDEX).write_text(json.dumps(index))
    with open(folder / DATA, 'ab') as file:
        file.write(struct.pack('<6H', 65535, 0, 0, 65535, 0, 0))
    maps = open_probs(folder)
    assert maps.dtype == np.uint16 and maps[5].tolist() == [[[1, 0]], [[0, 1]], [[0, 0]]]
    assert maps.labels(5).tolist() == [[0, 1]]


def test_no_pictures(tmp_path):
    write_probs(tmp_path / 'x.probs', CLASSES, [])
    maps = open_probs(tmp_path / 'x.probs')
    assert len(maps) == 0 and maps.dtype == np.uint8 and maps.classes == tuple(CLASSES)


@pytest.mark.parametrize('num_classes', [1, 2, 11, 256])
def test_the_largest_class_is_the_first_of_the_largest(num_classes):
    stored = np.random.default_rng(0).integers(0, 4, (num_classes, 30, 20)).astype(np.uint8)
    np.testing.assert_array_equal(argmax_labels(stored), stored.argmax(axis=0))


@pytest.mark.parametrize('dtype', STEPS)
def test_labels_of_realistic_probabilities_stay_what_they_were(dtype):
    """Regions with soft borders, 11 classes: what a segmenter gives.  Rounding alone moves a pixel in a thousand."""
    import cv2

    rng = np.random.default_rng(0)
    logits = [cv2.resize(rng.normal(0, 6, (16, 16)).astype(np.float32), (256, 256)) for _ in range(11)]
    probs = softmax(np.stack(logits))
    stored = quantise(probs, dtype)
    np.testing.assert_array_equal(argmax_labels(stored), probs.argmax(axis=0))
    rounded = np.rint(probs * STEPS[dtype])
    moved = (rounded.argmax(axis=0) != probs.argmax(axis=0)).sum()
    assert (rounded != stored).sum() == moved and moved < 0.0015 * 256 * 256
    assert dtype == 'uint16' or moved > 0


@pytest.mark.parametrize(
    ('probs', 'stored'),
    [
        pytest.param([0.2, 0.3999, 0.4001], [51, 102, 103], id='raised'),
        pytest.param([0.2, 0.4001, 0.3999], [51, 102, 102], id='first-anyway'),
        pytest.param([0.4, 0.2, 0.4], [102, 51, 102], id='equal'),
        pytest.param([0.333, 0.3333, 0.3337], [85, 85, 86], id='three'),
        pytest.param([0.0, 0.0, 1.0], [0, 0, 255], id='certain'),
    ],
)
def test_the_most_probable_class_stays_so(probs, stored):
    assert quantise(np.array(probs).reshape(3, 1, 1)).flatten().tolist() == stored


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        pytest.param({'version': 2}, r'index\.json: is of version 2, this reads version 1', id='version'),
        pytest.param({'version': None}, 'is of version None', id='no-version'),
        pytest.param({'classes': []}, '"classes" must be 1 to 256 different names', id='no-classes'),
        pytest.param({'classes': ['a', 'a', 'b']}, 'different names', id='equal-classes'),
        pytest.param({'classes': 'abc'}, 'different names', id='classes-no-list'),
        pytest.param({'classes': ['a', 'b', 'c', 'd']}, 'picture 2 lies on another one', id='more-classes'),
        pytest.param({'pictures': {}}, '"pictures" must be a list', id='pictures'),
        pytest.param({0: 5}, 'picture 0: is no record but 5', id='no-record'),
        pytest.param({1: {'id': 7}}, 'picture 1: the id 7 comes twice', id='id-twice'),
        pytest.param({1: {'id': '7'}}, 'picture 1: "id" must be a int, not \'7\'', id='id-text'),
        pytest.param({1: {'id': True}}, '"id" must be a int, not True', id='id-bool'),
        pytest.param({2: {'height': 0}}, '0 x 3 pixels at byte 63 cannot be', id='no-height'),
        pytest.param({2: {'width': -3}}, 'cannot be', id='negative'),
        pytest.param({2: {'offset': -1}}, 'at byte -1 cannot be', id='offset'),
        pytest.param({2: {'offset': 62}}, 'picture 9 lies on another one', id='overlap'),
        pytest.param({2: {'offset': 64}}, r'data\.bin: ends after 81 of 82 bytes', id='beyond-the-end'),
        pytest.param({0: {'width': 10**12}}, 'lies on another one', id='huge'),
        pytest.param({2: {'dtype': 'float32'}}, '"dtype" must be uint8 or uint16, not \'float32\'', id='dtype'),
        pytest.param({2: {'scale': 0.0}}, '"scale" must be above 0', id='scale-0'),
        pytest.param({2: {'scale': float('nan')}}, '"scale" must be above 0', id='scale-nan'),
        pytest.param({2: {'scale': 1}}, '"scale" must be a float', id='scale-whole'),
        pytest.param({2: {'file_name': None}}, '"file_name" must be a str', id='name'),
    ],
)
def test_a_damaged_index_is_one_line(folder, change, message):
    index = json.loads((folder / INDEX).read_text())
    for key, value in change.items():
        if isinstance(key, int):
            index['pictures'][key] = {**index['pictures'][key], **value} if isinstance(value, dict) else value
        else:
            index[key] = value
    (folder / INDEX).write_text(json.dumps(index))
    with pytest.raises(UserError, match=message) as error:
        open_probs(folder)
    assert '\n' not in str(error.value) and str(error.value).startswith(str(folder))
    assert str(error.value).endswith('write it again with tools/test.py or tools/predict.py')


@pytest.mark.parametrize(
    ('text', 'message'),
    [('', 'not a readable json'), ('[1]', 'is no index'), ('{}', 'is no index'), ('{"version": 1', 'not a readable')],
)
def test_an_index_that_is_none(folder, text, message):
    (folder / INDEX).write_text(text)
    with pytest.raises(UserError, match=message):
        open_probs(folder)


@pytest.mark.parametrize('missing', [INDEX, DATA])
def test_a_missing_file_is_named(folder, missing):
    (folder / missing).unlink()
    with pytest.raises(UserError, match=f'{re.escape(missing)} is missing'):
        open_probs(folder)
    with pytest.raises(UserError, match='no such folder of probabilities'):
        open_probs(folder / 'gone')


def test_data_cut_anywhere_is_refused(folder):
    whole = (folder / DATA).read_bytes()
    for length in range(len(whole)):
        (folder / DATA).write_bytes(whole[:length])
        with pytest.raises(UserError, match=f'ends after {length} of 81 bytes'):
            open_probs(folder)


def test_bytes_changed_at_random_are_read_or_refused(folder):
    """A changed index is another index or a UserError, never anything else."""
    rng, text = random.Random(0), (folder / INDEX).read_bytes()
    for _ in range(300):
        changed = bytearray(text)
        for _ in range(rng.randrange(1, 4)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        (folder / INDEX).write_bytes(changed)
        try:
            maps = open_probs(folder)
        except UserError:
            continue
        for image_id in maps:
            assert maps[image_id].shape == (3, maps.pictures[image_id].height, maps.pictures[image_id].width)


@pytest.mark.parametrize(
    ('pictures', 'message'),
    [
        pytest.param([(1, 'a', np.zeros((2, 3, 3)))], 'picture 1 comes as 2 x 3 x 3 uint8; give 3 x', id='classes'),
        pytest.param([(1, 'a', np.zeros((3, 3)))], 'comes as 3 x 3 uint8', id='no-classes'),
        pytest.param([(1, 'a', np.zeros((3, 0, 3)))], 'comes as 3 x 0 x 3', id='empty'),
        pytest.param([(1, 'a', np.full((3, 1, 1), np.nan))], 'from 0 to 1, these from nan', id='nan'),
        pytest.param([(1, 'a', np.full((3, 1, 1), 2.5))], 'picture 1: .* these from 2.5 to 2.5', id='logits'),
        pytest.param([(1, 'a', some_probs(1, 1)), (1, 'b', some_probs(1, 1))], 'picture 1 comes twice', id='twice'),
    ],
)
def test_what_are_no_probabilities_is_refused_and_the_old_folder_stays(folder, pictures, message):
    before = (folder / DATA).read_bytes()
    with pytest.raises(UserError, match=message):
        write_probs(folder, CLASSES, pictures)
    assert (folder / DATA).read_bytes() == before and len(open_probs(folder)) == 3
    assert {path.name for path in folder.parent.iterdir()} == {'val.probs'}


def test_another_type_is_refused(tmp_path):
    with pytest.raises(UserError, match="dtype is 'float16'; probabilities are stored as uint8 or uint16"):
        write_probs(tmp_path / 'x.probs', CLASSES, [], dtype='float16')
