import json

import pytest

from custom_modules.datasets import load_coco
from custom_modules.submission import check_segmentation

HEAD = 'image_id,PredictionString'
ROW = '0 ' * 65535


@pytest.fixture
def data(coco, write):
    return load_coco(write(json.dumps(coco), 'test.json'), check_images=False)


def rows_of(*names: str) -> list[str]:
    return [f'{name},{ROW}2' for name in names]


GOOD = rows_of('test/0001.jpg', 'test/0002.jpg', 'test/0003.jpg')


@pytest.mark.fast
def test_a_good_one(write, data):
    check = check_segmentation(write('\n'.join([HEAD, *GOOD])), data)
    assert (check.num_rows, check.errors, check.notes) == (3, (), ())
    assert check.shares == {'Background': 65535 / 65536, 'Paper': 0, 'Metal': 1 / 65536, 'Glass': 0}


@pytest.mark.parametrize(
    ('rows', 'errors', 'mended'),
    [
        pytest.param(
            GOOD[:2], ['pictures of test.json without a row: 1 (the first: test/0003.jpg)'], False, id='missing'
        ),
        pytest.param(
            [*GOOD, *rows_of('x.jpg')], ['not in test.json: 1 (the first: line 5 (x.jpg))'], False, id='unknown'
        ),
        pytest.param([*GOOD, GOOD[1]], ['a row already: 1 (the first: line 5', 'same as line 3'], False, id='twice'),
        pytest.param(
            [*GOOD[:2], 'test/0003.jpg,0 1'],
            ['no label map: 1 (the first: line 4 (test/0003.jpg): has 2'],
            False,
            id='count',
        ),
        pytest.param(
            [*GOOD[:2], f'test/0003.jpg,{ROW}4'],
            ['pixel 65536 is 4: labels are 0 (Background) to 3 (Glass)'],
            False,
            id='label',
        ),
        pytest.param([*GOOD[:2], f'./{GOOD[2]}'], ['image ids with ./'], True, id='other path'),
        pytest.param([*GOOD[:2], '', f'{GOOD[2]}.0'], ['empty lines: 1', 'decimal point: 1'], True, id='loose format'),
    ],
)
def test_all_errors_are_told(write, data, rows, errors, mended):
    check = check_segmentation(write('\n'.join([HEAD, *rows])), data)
    told = '\n'.join(check.errors)
    assert all(error in told for error in errors)
    assert check.can_be_mended is mended
