import copy
import json
import math
import pickle
import time

import pytest

from custom_modules.datasets import load_coco, read_coco
from custom_modules.utils import UserError


def change(path, value):
    """Make a change: set the value at a path of keys; ``...`` deletes it."""

    def apply(content):
        *folders, last = path
        target = content
        for key in folders:
            target = target[key]
        if value is ...:
            del target[last]
        else:
            target[last] = value

    return apply


def repeat(key, index, **changes):
    """Make a change: append a copy of a record, with some fields changed."""

    def apply(content):
        content[key].append({**copy.deepcopy(content[key][index]), **changes})

    return apply


# What comes first in each row is what stock data sets take silently or answer with a traceback.
ERRORS = [
    ('missing key', change(['categories'], ...), 'missing key: 1 (the file has no categories)'),
    ('missing images key', change(['images'], ...), 'the file has no images'),
    ('missing id', change(['annotations', 0, 'id'], ...), 'missing key: 1 (annotation number 1: id)'),
    ('missing image_id', change(['annotations', 0, 'image_id'], ...), 'missing key: 1 (annotation 1: image_id)'),
    ('missing box', change(['annotations', 2, 'bbox'], ...), 'missing key: 1 (annotation 3 (image 10, images/10.jpg):'),
    ('missing width', change(['images', 0, 'width'], ...), 'missing key: 1 (image 10: width)'),
    ('missing file name', change(['images', 0, 'file_name'], ...), 'missing key: 1 (image 10: file_name)'),
    ('missing category name', change(['categories', 0, 'name'], ...), 'category 7: name is None'),
    (
        'bad box length',
        change(['annotations', 0, 'bbox'], [1, 2, 3]),
        'four numbers x, y, width, height: 1 (annotation 1',
    ),
    ('box of text', change(['annotations', 0, 'bbox'], ['1', '2', '3', '4']), 'four numbers x, y, width, height: 1'),
    ('box of booleans', change(['annotations', 0, 'bbox'], [True] * 4), 'four numbers x, y, width, height: 1'),
    (
        'unknown category',
        change(['annotations', 0, 'category_id'], 99),
        'unknown category: 1 (annotation 1: category_id 99',
    ),
    ('orphan', change(['annotations', 0, 'image_id'], 99), 'annotation without image: 1 (annotation 1: image_id 99)'),
    ('NaN box', change(['annotations', 0, 'bbox', 2], math.nan), 'box with NaN or infinity: 1 (annotation 1'),
    ('infinite box', change(['annotations', 0, 'bbox', 2], math.inf), 'box with NaN or infinity: 1 (annotation 1'),
    ('box beyond floats', change(['annotations', 0, 'bbox', 2], 10**400), 'box with NaN or infinity: 1 (annotation 1'),
    ('negative box', change(['annotations', 0, 'bbox', 2], -4), 'negative width or height: 1 (annotation 1'),
    ('duplicate image id', repeat('images', 0), 'duplicate id: 1 (image 10)'),
    ('duplicate annotation id', repeat('annotations', 2, image_id=11), 'duplicate id: 1 (annotation 3)'),
    ('duplicate category id', repeat('categories', 0), 'duplicate id: 1 (category 7)'),
    ('duplicate category name', repeat('categories', 0, id=8), 'duplicate name: 1 (category 8: Metal)'),
    ('duplicate file name', repeat('images', 0, id=13), 'duplicate name: 1 (image 13: images/10.jpg)'),
    ('text id', change(['annotations', 0, 'image_id'], '10'), 'wrong value: 1 (annotation 1: image_id is 10, no whole'),
    ('id beyond 64 bits', change(['annotations', 0, 'id'], 2**70), 'annotation number 1: id is 1180591620717411303424'),
    ('fractional id', change(['images', 2, 'id'], 1.5), 'image number 3: id is 1.5, no whole number'),
    ('boolean id', repeat('categories', 0, id=True, name='Other'), 'category number 4: id is True'),
    ('record that is a list', change(['images', 2], []), 'image number 3 is no object'),
    ('width of 0', change(['images', 0, 'width'], 0), 'wrong value: 1 (image 10: width is 0'),
    ('iscrowd of 2', change(['annotations', 0, 'iscrowd'], 2), 'iscrowd is 2, neither 0 nor 1'),
    ('score above 1', change(['annotations', 0, 'score'], 1.5), 'score is 1.5, not from 0 to 1'),
    ('name with a line break', change(['categories', 0, 'name'], 'a\nb'), 'category 7: name is a\\nb, not printable'),
    ('no images', change(['images'], []), 'not a COCO file: 1 (images is empty)'),
    ('no categories', change(['categories'], []), 'categories is empty'),
    ('images as object', change(['images'], {'id': 1}), 'images is no list'),
    ('annotations as text', change(['annotations'], 'none'), 'annotations is no list'),
    (
        'climbing path',
        change(['images', 0, 'file_name'], '../../etc/passwd'),
        'path outside the data folder: 1 (image 10:',
    ),
    (
        'absolute path',
        change(['images', 0, 'file_name'], '/etc/passwd'),
        'path outside the data folder: 1 (image 10: /etc',
    ),
    ('drive', change(['images', 0, 'file_name'], 'C:\\a.jpg'), 'path outside the data folder: 1'),
    (
        'NUL in a path',
        change(['images', 0, 'file_name'], 'a\0.jpg'),
        'path outside the data folder: 1 (image 10: a\\x00.jpg)',
    ),
    ('name of 300 bytes', change(['images', 0, 'file_name'], 'a' * 300), 'unreadable image: 1'),
    ('missing image', change(['images', 0, 'file_name'], 'b.jpg'), 'missing image: 1 (image 10: b.jpg)'),
    ('other size', change(['images', 0, 'width'], 65), 'image 10: images/10.jpg is 64 x 48, the json says 65 x 48'),
]


@pytest.mark.fast
@pytest.mark.parametrize(('apply', 'expected'), [pytest.param(*row[1:], id=row[0]) for row in ERRORS])
def test_error_stops_in_one_line_that_names_the_record(content, write_set, apply, expected):
    apply(content)
    path = write_set(content)
    with pytest.raises(UserError) as caught:
        load_coco(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert expected in message
    assert '\n' not in message


@pytest.mark.fast
@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        pytest.param('', 'not valid json', id='empty'),
        pytest.param('{"images": [{"id": 1, "fi', 'not valid json', id='cut in a string'),
        pytest.param('{"images": [{"id": 1}]', 'not valid json', id='cut between records'),
        pytest.param('[]', 'it holds list, not an object', id='list'),
        pytest.param('null', 'it holds NoneType', id='null'),
        pytest.param('<html></html>', 'not valid json', id='html'),
        pytest.param('[' * 100_000, 'not valid json', id='nested too deep'),
        pytest.param('{"images": [' + '9' * 5000 + ']}', 'not valid json', id='endless number'),
        pytest.param('{}', 'the file has no images; the file has no categories', id='empty object'),
    ],
)
def test_damaged_file_is_one_error(write_set, text, expected):
    with pytest.raises(UserError, match=expected):
        load_coco(write_set(text, pictures=False))


def test_file_that_cannot_be_read(tmp_path):
    with pytest.raises(UserError, match='No such file'):
        load_coco(tmp_path / 'none.json')
    with pytest.raises(UserError, match='Is a directory'):
        load_coco(tmp_path)


def test_all_errors_come_in_one_message_with_counts(content, write_set):
    for annotation in content['annotations']:
        annotation['category_id'] = 99
    content['images'][2]['file_name'] = 'gone.jpg'
    path = write_set(content)
    with pytest.raises(UserError) as caught:
        load_coco(path)
    head, *lines = str(caught.value).split('\n')
    assert head == f'{path}: 5 errors (full report: python tools/check_data.py {path})'
    assert len(lines) == 2
    assert lines[0].startswith('  missing image: 1 (image 12: gone.jpg)')
    assert lines[1].startswith('  unknown category: 4 (annotation 1: category_id 99; annotation 2')
    assert lines[1].endswith('; ...)')


# Each row: the change, the kind of warning, how often, and what it makes of a record.
WARNINGS = [
    pytest.param(
        change(['annotations', 2, 'bbox'], [-5, 40, 12, 20]),
        'box over the edge (clipped): 1',
        lambda data: data.annotations[2]['bbox'] == [0, 40, 7, 8] and data.annotations[2]['area'] == 56,
        id='over two edges',
    ),
    pytest.param(
        change(['annotations', 2, 'bbox'], [30, 20, 12, 0.5]),
        'side below 1 px (left out of training, kept for scoring): 1',
        lambda data: data.annotations[2]['bbox'] == [30, 20, 12, 0.5],
        id='flat box',
    ),
    pytest.param(
        change(['annotations', 2, 'bbox'], [70, 20, 12, 9]),
        'box over the edge (clipped): 1; box with a side below 1 px',
        lambda data: data.annotations[2]['bbox'] == [64, 20, 0, 9],
        id='box outside',
    ),
    pytest.param(
        change(['annotations', 2, 'area'], ...),
        'missing or unusable area (computed): 1',
        lambda data: data.annotations[2]['area'] == 108,
        id='no area',
    ),
    pytest.param(
        change(['annotations', 0, 'area'], math.nan),
        'missing or unusable area (computed): 1',
        lambda data: data.annotations[0]['area'] == 200,
        id='NaN area, from the polygon',
    ),
    pytest.param(
        change(['annotations', 1, 'area'], 'big'),
        'missing or unusable area (computed): 1',
        lambda data: data.annotations[1]['area'] == 40,
        id='area of text, from the RLE',
    ),
    pytest.param(
        change(['annotations', 2, 'iscrowd'], ...),
        'missing iscrowd (0 assumed): 1',
        lambda data: data.annotations[2]['iscrowd'] == 0,
        id='no iscrowd',
    ),
    pytest.param(
        repeat('annotations', 2, id=9),
        'duplicate box (one removed): 1',
        lambda data: [record['id'] for record in data.annotations] == [1, 2, 3, 4],
        id='duplicate',
    ),
    pytest.param(
        repeat('annotations', 2, id=9, segmentation=[[30, 21, 42, 21, 42, 29]]),
        'duplicate box (one removed): 1',
        lambda data: [record['id'] for record in data.annotations] == [1, 2, 4, 9],
        id='duplicate with the better mask',
    ),
    pytest.param(
        repeat('annotations', 2, id=9, category_id=1),
        'same box with two classes (both kept): 1',
        lambda data: len(data.annotations) == 5,
        id='two classes',
    ),
    pytest.param(
        change(['annotations', 0, 'bbox'], ...),
        'missing box (computed from the mask): 1',
        lambda data: data.annotations[0]['bbox'] == [4, 6, 20, 10],
        id='box from the polygon',
    ),
    pytest.param(
        change(['annotations', 1, 'bbox'], ...),
        'missing box (computed from the mask): 1',
        lambda data: data.annotations[1]['bbox'] == [10, 5, 2, 20],
        id='box from the RLE',
    ),
    pytest.param(
        change(['annotations', 0, 'segmentation'], [[4, 6, 24, 6, 24]]),
        'unusable mask (left out, its box kept): 1',
        lambda data: 'segmentation' not in data.annotations[0],
        id='odd polygon',
    ),
    pytest.param(
        change(['annotations', 0, 'segmentation'], [[4, 6, 24, 6], [4, 6, 24, 6, 24, 16]]),
        'unusable part of a polygon mask (left out): 1',
        lambda data: data.annotations[0]['segmentation'] == [[4, 6, 24, 6, 24, 16]],
        id='one of two polygons has two points',
    ),
    pytest.param(
        change(['annotations', 1, 'segmentation', 'size'], [64, 48]),
        'unusable mask (left out, its box kept): 1',
        lambda data: 'segmentation' not in data.annotations[1],
        id='RLE of another size',
    ),
    pytest.param(
        change(['annotations', 1, 'segmentation', 'counts'], [485, 20]),
        'unusable mask (left out, its box kept): 1',
        lambda data: 'segmentation' not in data.annotations[1],
        id='RLE too short',
    ),
]


@pytest.mark.fast
@pytest.mark.parametrize(('apply', 'expected', 'holds'), WARNINGS)
def test_warning_is_counted_and_repaired(content, write_set, apply, expected, holds):
    apply(content)
    path = write_set(content)
    data = load_coco(path)
    assert data.warning_line.startswith(f'{path}: ')
    assert expected in data.warning_line
    assert '\n' not in data.warning_line
    assert holds(data)


@pytest.mark.fast
def test_one_file_mixes_polygon_rle_and_no_mask(content, write_set):
    data = load_coco(write_set(content))
    assert data.warning_line == ''
    polygon, rle, none, crowd = data.annotations
    assert polygon['segmentation'] == [[4, 6, 24, 6, 24, 16, 4, 16]]
    assert rle['segmentation']['size'] == [48, 64]
    assert isinstance(rle['segmentation']['counts'], str)
    assert 'segmentation' not in none
    assert none['bbox'] == [30.0, 20.5, 12.0, 9.0]
    assert crowd['iscrowd'] == 1
    assert data.has_masks and data.has_annotations


@pytest.mark.fast
def test_labels_are_positions_of_the_sorted_ids(content, write_set):
    data = load_coco(write_set(content))
    assert data.classes == ('Paper', 'Glass', 'Metal')
    assert data.cat_ids == (1, 3, 7)
    assert data.label_of == {1: 0, 3: 1, 7: 2}


@pytest.mark.parametrize('first', [0, 1], ids=['from 0', 'from 1'])
@pytest.mark.parametrize('number', [1, 10, 11])
def test_any_number_of_classes(content, write_set, first, number):
    content['categories'] = [{'id': first + i, 'name': f'class {i}'} for i in range(number)]
    content['annotations'] = [{**content['annotations'][2], 'category_id': first + number - 1}]
    data = load_coco(write_set(content))
    assert len(data.classes) == number
    assert data.label_of[data.annotations[0]['category_id']] == number - 1


@pytest.mark.parametrize('annotations', [..., None, []], ids=['absent', 'null', 'empty'])
def test_file_without_annotations(content, write_set, annotations):
    change(['annotations'], annotations)(content)
    data = load_coco(write_set(content))
    assert not data.has_annotations and not data.has_masks
    assert data.annotations_of() == {10: [], 11: [], 12: []}


def test_pictures_are_left_alone_on_request(content, write_set):
    data = load_coco(write_set(content, pictures=False), check_images=False)
    assert len(data.images) == 3


def test_repaired_content_is_a_clean_file(content, write_set):
    content['annotations'][2]['bbox'] = [-5, 40, 12, 20]
    del content['annotations'][0]['area']
    first = load_coco(write_set(content))
    second = load_coco(write_set(first.as_json(), 'repaired.json'))
    assert second.warning_line == ''
    assert second.annotations == first.annotations
    assert second.extra == {'info': {'description': 'three pictures'}}


def test_whole_floats_are_ids_too(content, write_set):
    content['annotations'][0] |= {'id': 1.0, 'image_id': 10.0, 'category_id': 1.0}
    record = load_coco(write_set(content)).annotations[0]
    assert [type(record[key]) for key in ('id', 'image_id', 'category_id')] == [int] * 3


def test_data_can_be_pickled_and_is_shared_by_copies(content, write_set):
    data = load_coco(write_set(content))
    assert copy.deepcopy(data) is data
    restored = pickle.loads(pickle.dumps(data))
    assert restored.annotations == data.annotations and restored.classes == data.classes
    assert data.without_annotations().annotations == [] and len(data.annotations) == 4


REAL = [
    ('taco416/train.json', 600, 1523, True),
    ('taco416/val.json', 133, 436, True),
    ('taco416/train_all.json', 733, 1959, True),
    ('taco416/test.json', 133, 0, False),
    ('taco416/test_answers.json', 133, 301, True),
    ('recycle_det/train_all.json', 21, 88, False),
    ('recycle_seg/train_all.json', 40, 345, True),
]


@pytest.mark.parametrize(('name', 'num_images', 'num_objects', 'has_masks'), REAL, ids=[row[0] for row in REAL])
def test_real_photographs_have_at_most_boxes_over_the_edge(shared_data, name, num_images, num_objects, has_masks):
    data = load_coco(shared_data / name)
    assert (len(data.images), len(data.annotations), data.has_masks) == (num_images, num_objects, has_masks)
    assert {kind.text for kind in data.findings.counts} <= {'box over the edge (clipped)'}
    assert len(data.classes) == 10


def test_real_train_set_is_checked_within_a_second(shared_data):
    path = shared_data / 'recycle_trash_det_train4883.json'
    load_coco(path, check_images=False)
    start = time.process_time()
    data, findings = read_coco(path, check_images=False)
    assert time.process_time() - start < 1
    counts = {kind.text.split(' (')[0]: count for kind, count in findings.counts.items()}
    assert counts == {'box with a side below 1 px': 1, 'duplicate box': 1, 'same box with two classes': 13}
    assert len(data.annotations) + counts['duplicate box'] == 23144


def test_json_of_the_repaired_set_is_strict(content, write_set):
    content['annotations'][0]['area'] = math.inf
    json.dumps(load_coco(write_set(content)).as_json(), allow_nan=False)
