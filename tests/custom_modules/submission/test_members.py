"""Files of every format on one data set: what is put right, and what is refused."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_modules.submission import detect_format, read_member, read_members
from custom_modules.utils import UserError

from .conftest import HEAD

GOOD = '0 0.9 10 5 30 25'
ALL = ['0001', '0002', '0003']


def csv_of(rows: dict[str, str]) -> str:
    """Write rows by the number of the picture."""
    return '\n'.join([HEAD, *(f'{string},test/{name}.jpg' for name, string in rows.items()), ''])


def json_of(*records: tuple) -> str:
    """Write COCO results of image id, category id, box and score."""
    fields = ('image_id', 'category_id', 'bbox', 'score')
    return json.dumps([dict(zip(fields, record, strict=True)) for record in records])


@pytest.mark.fast
def test_the_same_boxes_in_three_formats(write, coco):
    csv = write(csv_of({'0003': '2 0.25 50 10 75 35', '0001': f'{GOOD} 1 0.5 0 0 100 50', '0002': ''}))
    results = write(
        json_of((13, 9, [50, 10, 25, 25], 0.25), (11, 2, [10, 5, 20, 20], 0.9), (11, 5, [0, 0, 100, 50], 0.5)), 'a.json'
    )
    write('2 0.625 0.45 0.25 0.5 0.25', 'labels/0003.txt')
    write('0 0.2 0.3 0.2 0.4 0.9\n\n1 0.5 0.5 1 1 0.5 \r\n', 'labels/0001.txt')
    write('Paper\n', 'labels/classes.txt')
    write('', 'labels/0002.txt')
    members, pictures = read_members([csv, results, results.parent / 'labels'], coco)
    assert [member.format for member in members] == ['csv', 'json', 'yolo']
    assert not any(len(member.repairs) for member in members)
    assert pictures.sizes == dict.fromkeys((11, 12, 13), (50, 100))
    for member in members:
        found = member.predictions
        order = np.argsort(-found.scores)
        assert found.image_ids[order].tolist() == [11, 11, 13]
        assert found.category_ids[order].tolist() == [2, 5, 9]
        expected = [[10, 5, 20, 20], [0, 0, 100, 50], [50, 10, 25, 25]]
        np.testing.assert_allclose(found.boxes_xywh[order], expected, atol=1e-12)


@pytest.mark.parametrize(
    ('rows', 'kept', 'repairs'),
    [
        pytest.param({'0001': GOOD}, [[10, 5, 20, 20]], {'pictures without a row': 2}, id='missing pictures'),
        pytest.param(
            {'0001': '0 1 -5 5 30 60', '0002': '', '0003': ''}, [[0, 5, 30, 45]], {'boxes over the edge': 1}, id='edge'
        ),
        pytest.param(
            {'0001': '0 1 10 5 100.009 50.009', '0002': '', '0003': ''}, [[10, 5, 90.009, 45.009]], {}, id='rounding'
        ),
        pytest.param(
            {'0001': f'0 1 10 5 10 25 {GOOD} 0 1 10 5 30 5', '0002': '', '0003': ''},
            [[10, 5, 20, 20]],
            {'boxes without area': 2},
            id='no area',
        ),
        pytest.param(
            {'0001': GOOD.replace('0.9', '1.5'), '0002': '', '0003': ''},
            [[10, 5, 20, 20]],
            {'scores above 1': 1},
            id='1.5',
        ),
        pytest.param(dict.fromkeys(ALL, ''), [], {}, id='no boxes at all'),
        pytest.param({'0001': GOOD.replace('0 ', '0.0 ', 1), '0002': '', '0003': ''}, [[10, 5, 20, 20]], {}, id='0.0'),
    ],
)
def test_put_right_and_told(write, coco, rows, kept, repairs):
    member = read_member(write(csv_of(rows)), coco)
    np.testing.assert_allclose(member.predictions.boxes_xywh, np.reshape(kept, (-1, 4)))
    assert list(member.repairs.counts.values()) == list(repairs.values())
    assert all(kind.startswith(start) for kind, start in zip(member.repairs.counts, repairs, strict=True))
    assert str(member.repairs) == '; '.join(f'{kind}: {count}' for kind, count in member.repairs.counts.items())


@pytest.mark.parametrize(
    ('rows', 'message'),
    [
        pytest.param(
            {'0001': GOOD, '0009': GOOD},
            r'line 3: the picture test/0009.jpg is not in the data set \(1 of 2 pictures are unknown\); did you mean',
            id='unknown picture',
        ),
        pytest.param({'0009': ''}, 'picture test/0009.jpg is not in .* another data set', id='all unknown'),
        pytest.param(
            {'0001': f'{GOOD} 3 0.9 10 5 30 25'},
            r'line 2 \(test/0001.jpg\), box 2: the label 3 is out of range: .*labels 0 \(Paper\) to 2 \(Glass\)',
            id='label out of range',
        ),
        pytest.param({'0001': '-1 0.9 10 5 30 25'}, 'the label -1 is out of range', id='negative label'),
        pytest.param({'0001': '0.9 1 10 5 30 25'}, 'the label 0.9 is no whole number; the order is', id='score first'),
        pytest.param({'0001': 'nan 1 10 5 30 25'}, 'box 1: a number is NaN or infinite', id='NaN label'),
        pytest.param({'0001': '0 1 10 5 30 inf'}, 'a number is NaN or infinite', id='infinite corner'),
        pytest.param({'0001': '0 1 10 5 30 1e999'}, 'a number is NaN or infinite', id='too great a number'),
        pytest.param({'0001': '1e300 1 10 5 30 25'}, 'the label 1e.300 is out of range', id='a huge label'),
        pytest.param({'0001': '0 -0.1 10 5 30 25'}, 'the score -0.1 is below 0', id='negative score'),
        pytest.param(
            {'0001': '0 1 110 5 130 25'},
            r'1 of 1 boxes lie outside their pictures; .*line 2 \(test/0001.jpg\), box 1 in a picture of 100 x 50',
            id='outside',
        ),
        pytest.param(
            {'0001': '0 1 60 30 20 10'},
            r'1 of 1 boxes have x_max < x_min or y_max < y_min; .*width, height.*\(the first: line 2',
            id='width and height',
        ),
    ],
)
def test_refused(write, coco, rows, message):
    with pytest.raises(UserError, match=message) as error:
        read_member(write(csv_of(rows)), coco)
    assert 'a.csv: ' in str(error.value)
    assert '\n' not in str(error.value)


@pytest.mark.parametrize(
    ('small', 'large', 'wide', 'is_repaired'),
    [
        pytest.param(18, 2, 40, True, id='a tenth upside down as corners'),
        pytest.param(19, 1, 40, False, id='fewer'),
        pytest.param(17, 2, 40, False, id='too few boxes'),
        pytest.param(18, 2, 40.1, False, id='one would not fit'),
    ],
)
def test_width_and_height_in_the_place_of_a_corner(write, coco, small, large, wide, is_repaired):
    """On 100 x 50 px; the large box is upside down as corners, and reaches the right border."""
    boxes = ['0 0.9 1 2 30 25'] * small + [f'0 0.8 60 30 {wide} 20'] * large
    path = write(csv_of({'0001': ' '.join(boxes), '0002': '', '0003': ''}))
    if not is_repaired:
        with pytest.raises(UserError, match='are they written as x, y, width, height'):
            read_member(path, coco)
        return
    member = read_member(path, coco)
    np.testing.assert_allclose(member.predictions.boxes_xywh[[0, -1]], [[1, 2, 30, 25], [60, 30, 40, 20]])
    assert member.repairs.counts == {'boxes written as x, y, width, height (made corners)': 20}


@pytest.mark.parametrize(('swapped', 'refused'), [(1, False), (2, True)])
def test_at_most_one_box_in_a_hundred_may_be_swapped(write, coco, swapped, refused):
    boxes = ['0 0.9 30 5 10 25'] * swapped + [GOOD] * (100 - swapped)
    path = write(csv_of({'0001': ' '.join(boxes), '0002': '', '0003': ''}))
    if refused:
        with pytest.raises(UserError, match='2 of 100 boxes have x_max < x_min'):
            read_member(path, coco)
    else:
        member = read_member(path, coco)
        assert (member.predictions.boxes_xywh == [10, 5, 20, 20]).all()
        assert member.repairs.counts == {'boxes with corners the wrong way round (swapped)': 1}


@pytest.mark.parametrize(
    ('files', 'message'),
    [
        pytest.param({}, 'labels: has no txt files', id='empty folder'),
        pytest.param({'classes.txt': 'Paper'}, 'labels: has no txt files', id='nothing but a list of classes'),
        pytest.param({'0001.txt': '\n0 .5 .5 .2 .2'}, '0001.txt, line 2: has 5 .*save_conf', id='no confidence'),
        pytest.param({'0001.txt': '0 .1 .1 .9 .1 .9 .9 .1 .9'}, 'line 1: has 9 numbers.*polygons', id='polygons'),
        pytest.param({'0001.txt': '0 .5'}, 'has 2 numbers.*cut off', id='cut off'),
        pytest.param({'0001.txt': '0 .5 .5 .2 .2 high'}, "line 1: 'high' is not a number", id='a word'),
        pytest.param({'0001.txt': b'\xff'}, 'not text in UTF-8', id='not text'),
        pytest.param({'0009.txt': ''}, '0009.txt: the picture 0009 is not in', id='unknown picture'),
        pytest.param({'0001.txt': '0 50 25 20 10 0.9'}, '1 of 1 boxes are not parts of the pict', id='pixels'),
        pytest.param({'0001.txt': '7 .5 .5 .2 .2 .9'}, '0001.txt, line 1: the label 7 is out of range', id='label'),
        pytest.param({'0001.txt': '0 .5 .5 -.2 .2 .9'}, '1 of 1 boxes have a negative width', id='negative width'),
        pytest.param(
            {'a/0001.txt': '', 'b/0001.txt': ''},
            'a/0001.txt and b/0001.txt are about the same picture',
            id='two files, one picture',
        ),
    ],
)
def test_yolo_refused(write, tmp_path, coco, files, message):
    (tmp_path / 'labels').mkdir()
    for name, content in files.items():
        write(content, f'labels/{name}')
    with pytest.raises(UserError, match=message):
        read_member(tmp_path / 'labels', coco)


def test_yolo_names_end_like_the_picture(write, tmp_path, coco):
    coco['images'].append({'id': 21, 'file_name': 'more/0001.jpg', 'width': 10, 'height': 10})
    write('0 .5 .5 .2 .2 .9', 'labels/more/0001.txt')
    write('0 .5 .5 .2 .2 .9', 'labels/0003.txt')
    member = read_member(tmp_path / 'labels', coco)
    assert sorted(member.predictions.image_ids.tolist()) == [13, 21]
    assert member.repairs.counts == {'pictures without a txt file (taken as without boxes)': 2}
    write('0 .5 .5 .2 .2 .9', 'labels/0001.txt')
    with pytest.raises(UserError, match=r'0001.txt may be about test/0001.jpg or more/0001.jpg'):
        read_member(tmp_path / 'labels', coco)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        pytest.param('[{"image_id": 11, "cat', 'a.json: not a readable json file', id='truncated'),
        pytest.param(json_of((99, 2, [0, 0, 1, 1], 1)), 'record 0: image_id 99 is not in the data set', id='image'),
        pytest.param(json_of((11, 1, [0, 0, 1, 1], 1)), 'category_id 1 is not in the data set', id='category'),
        pytest.param(json_of((11, 2, [0, 0, float('nan'), 1], 1)), 'record 0: "bbox" must be finite', id='NaN'),
        pytest.param('{"images": []}', 'this is a data set, not predictions', id='a data set'),
        pytest.param(
            json_of((11, 2, [60, 10, 90, 40], 1)), r'1 of 1 boxes lie outside .*record 0 in a picture', id='corners'
        ),
    ],
)
def test_json_refused(write, coco, text, message):
    with pytest.raises(UserError, match=message):
        read_member(write(text, 'a.json'), coco)


def test_good_json_stays_as_it_is(write, coco):
    path = write(json_of((11, 2, [0.1, 0.2, 99.9, 49.8], 0.1)), 'a.json')
    member = read_member(path, coco)
    assert member.predictions.boxes_xywh.tolist() == [[0.1, 0.2, 99.9, 49.8]]
    assert not member.repairs


def test_csv_without_a_data_set(write):
    first = write(csv_of({'0002': GOOD, '0001': ''}))
    second = write(f'{HEAD}\n12 0.5 0 0 1 1,./test/0001.jpg\n,z.jpg', 'b.csv')
    members, pictures = read_members([first, second], image_size=(50, 100))
    assert pictures.names == {1: 'test/0002.jpg', 2: 'test/0001.jpg', 3: 'z.jpg'}
    assert list(pictures.category_ids) == list(range(13))
    assert [member.predictions.image_ids.tolist() for member in members] == [[1], [2]]
    assert members[1].predictions.category_ids.tolist() == [12]
    assert members[0].repairs.counts == {'pictures without a row (taken as without boxes)': 1}


def test_json_without_a_data_set(write):
    first = write(json_of((7, 5, [0, 0, 10, 10], 0.5)), 'a.json')
    second = write(json_of((3, 2, [0, 0, 10, 10], 0.5), (7, 5, [0, 0, 10, 10], 0.5)), 'b.json')
    _, pictures = read_members([first, second], image_size=(50, 100))
    assert pictures.names is None
    assert (pictures.sizes, pictures.category_ids) == ({3: (50, 100), 7: (50, 100)}, [2, 5])


@pytest.mark.parametrize(
    ('names', 'size', 'message'),
    [
        pytest.param(['a.csv', 'a.json'], (50, 100), 'a.csv names pictures, .*a.json has .* ids: .*--ann', id='mixed'),
        pytest.param(['a.csv', 'labels'], (50, 100), 'labels: YOLO files say neither .* give --ann', id='yolo'),
        pytest.param(['a.csv'], None, '--ann .* or --image-size W H', id='no size'),
        pytest.param(['a.json'], (5, 5), '1 of 1 boxes lie outside their pictures', id='wrong size'),
        pytest.param(['huge.csv'], (50, 100), 'the label 12345 cannot be a class', id='label'),
        pytest.param(
            ['huge.cvs'], (50, 100), 'huge.cvs: no such file of predictions; did you mean .*huge.csv', id='mistyped'
        ),
    ],
)
def test_refused_without_a_data_set(write, tmp_path, names, size, message):
    write(csv_of({'0001': GOOD}))
    write(csv_of({'0001': GOOD.replace('0', '12345', 1)}), 'huge.csv')
    write(json_of((7, 5, [0, 0, 20, 20], 0.5)), 'a.json')
    write('0 .5 .5 .2 .2 .9', 'labels/0001.txt')
    with pytest.raises(UserError, match=message):
        read_members([tmp_path / name for name in names], image_size=size)


def test_probabilities_are_sent_to_their_own_tool(tmp_path):
    (tmp_path / 'val.probs').mkdir()
    with pytest.raises(UserError, match='val.probs: holds what a segmenter gave; tools/seg_ensemble.py'):
        detect_format(tmp_path / 'val.probs')


@pytest.mark.parametrize(
    ('content', 'kind'),
    [('[]', 'json'), ('\ufeff \n[', 'json'), ('{"images"', 'json'), (HEAD, 'csv'), ('', 'csv'), (b'\x00\xff', 'csv')],
)
def test_formats(write, content, kind):
    assert detect_format(write(content, 'file.txt')) == kind


PIECES = [HEAD, 'PredictionString', 'image_id', GOOD, 'test/0001.jpg', 'nan', ',', ',', '\n', '\n', '"', ' ', '0', '-']
PIECES += ['1e400', '\ufeff', '\x00', './', '\\', '\r', '\t', 'é', '٣', '[', '{', '9' * 400]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=25), headed=st.booleans())
def test_whatever_a_file_holds(tmp_path, coco, pieces, headed):
    path = tmp_path / 'fuzz.csv'
    path.write_text((f'{HEAD}\n' if headed else '') + ''.join(pieces), encoding='utf-8')
    try:
        found = read_member(path, coco).predictions
    except UserError as error:
        assert '\n' not in str(error)
        assert 'fuzz.csv' in str(error)
        return
    assert set(found.image_ids.tolist()) <= {11, 12, 13}
    assert set(found.category_ids.tolist()) <= {2, 5, 9}
    assert np.isfinite(found.boxes_xywh).all()
    assert (found.boxes_xywh[:, 2:] > 0).all()
