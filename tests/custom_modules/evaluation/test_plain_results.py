"""What is read fast is what Python's json reads, or nothing."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_modules.evaluation.plain_results import read_plain_results

RECORD = '{"image_id":1,"category_id":2,"bbox":[0.5,1,2e1,3],"score":0.25}'

numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**18), 10**18)
numbers |= st.floats(0, 2000).map(lambda value: float(f'{value:.8g}'))
ids = st.integers(0, 2**53)
records = st.lists(st.tuples(ids, ids, st.lists(numbers, min_size=4, max_size=4), numbers), max_size=4)
FIELDS = ('image_id', 'category_id', 'bbox', 'score')


def slowly(content: bytes) -> list[tuple] | None:
    """Read through Python's objects."""
    rows = json.loads(content)
    assert all(sorted(row) == sorted(FIELDS) for row in rows)
    return [tuple(row[field] for field in FIELDS) for row in rows]


def check_same(content: bytes, rows: list[tuple]) -> None:
    """Compare every bit; -0 as an integer is 0."""
    images, categories, boxes, scores = read_plain_results(content)
    assert list(zip(images.tolist(), categories.tolist(), strict=True)) == [row[:2] for row in rows]
    np.testing.assert_array_equal(boxes, np.array([row[2] for row in rows], dtype=np.float64).reshape(-1, 4))
    np.testing.assert_array_equal(scores, np.array([row[3] for row in rows], dtype=np.float64))


@settings(max_examples=150, deadline=None)
@given(rows=records, order=st.permutations(FIELDS), indent=st.sampled_from([None, 0, 1]), separators=st.booleans())
def test_the_same_as_json(rows, order, indent, separators):
    dicts = [{field: row[FIELDS.index(field)] for field in order} for row in rows]
    text = json.dumps(dicts, indent=indent, separators=(',', ':') if separators else None)
    check_same(text.encode(), rows)


PIECES = ['1', '0', '-', '.', 'e', ',', ':', '"', '[', ']', '{', '}', ' ', '\n', 'NaN', '00', '9' * 17, 'score', '\x00']


@settings(max_examples=300, deadline=None)
@given(start=st.integers(0, 2 * len(RECORD) + 3), cut=st.integers(0, 3), piece=st.sampled_from(['', *PIECES]))
def test_damaged_files_are_left_to_json_or_read_alike(start, cut, piece):
    text = f'[{RECORD},{RECORD}]'
    content = (text[:start] + piece + text[start + cut :]).encode()
    if read_plain_results(content) is not None:
        check_same(content, slowly(content))


@pytest.mark.parametrize(
    ('text', 'count'),
    [
        pytest.param('[]', 0, id='no records'),
        pytest.param(' [ ] \n', 0, id='blanks'),
        pytest.param(f'[{RECORD}]', 1, id='one record'),
        pytest.param(f'[\n{RECORD},\r\n\t{RECORD}\n]\n', 2, id='a line each'),
        pytest.param('', None, id='empty'),
        pytest.param('[', None, id='cut off at the start'),
        pytest.param(f'[{RECORD}', None, id='cut off at the end'),
        pytest.param(f'[{RECORD},]', None, id='a comma too many'),
        pytest.param(f'[{RECORD} {RECORD}]', None, id='a comma too few'),
        pytest.param(f'[{RECORD}] []', None, id='something behind'),
        pytest.param(RECORD, None, id='no list'),
        pytest.param('[1]', None, id='no records but numbers'),
        pytest.param('[{}]', None, id='no fields'),
        pytest.param(RECORD.join('[]').replace('"score":0.25', '"score":0.25,"score":0.5'), None, id='a field twice'),
        pytest.param(RECORD.join('[]').replace(',"score":0.25', ''), None, id='a field too few'),
        pytest.param(RECORD.join('[]').replace('}', ',"id":1}'), None, id='another field'),
        pytest.param(RECORD.join('[]').replace('"image_id":1', '"image_id":1.0'), None, id='an id with a point'),
        pytest.param(RECORD.join('[]').replace('"image_id":1', f'"image_id":{2**53 + 1}'), None, id='a huge id'),
        pytest.param(RECORD.join('[]').replace('"image_id":1', '"image_id":"1"'), None, id='an id in quotes'),
        pytest.param(RECORD.join('[]').replace('0.25', 'NaN'), None, id='NaN'),
        pytest.param(RECORD.join('[]').replace(',3]', ']'), None, id='three numbers'),
        pytest.param(RECORD.join('[]').replace(',3]', ',3,4]'), None, id='five numbers'),
        pytest.param(RECORD.join('[]').replace('0.25', '.25'), None, id='no digit before the point'),
        pytest.param(RECORD.join('[]').replace('0.25', '+1'), None, id='a plus'),
        pytest.param('\ufeff[]', None, id='byte order mark'),
    ],
)
def test_which_files_are_read(text, count):
    found = read_plain_results(text.encode())
    assert (found is None) == (count is None)
    assert found is None or [len(column) for column in found] == [count] * 4
