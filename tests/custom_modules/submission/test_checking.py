import pytest

from custom_modules.submission import check_submission

from .conftest import HEAD

GOOD = '0 0.9 10 5 30 25'
ROWS = [f'{GOOD} 2 0.25 0 0 100 50,test/0001.jpg', ',test/0002.jpg', f'{GOOD},test/0003.jpg']


@pytest.mark.fast
def test_a_good_one(write, coco):
    check = check_submission(write('\n'.join([HEAD, *ROWS])), coco)
    assert (check.num_rows, check.num_boxes, check.num_empty, check.scores) == (3, 3, 1, (0.25, 0.9))
    assert check.labels_missing == ('1 (Metal)',)
    assert (check.errors, check.notes) == ((), ())


def test_no_boxes_at_all(write, coco):
    rows = [f',{image["file_name"]}' for image in coco['images']]
    check = check_submission(write('\n'.join([HEAD, *rows])), coco)
    assert (check.num_empty, check.scores, check.errors) == (3, None, ())


@pytest.mark.parametrize(
    ('rows', 'errors'),
    [
        pytest.param(
            ROWS[:2], ['pictures of the data set without a row: 1 (the first: test/0003.jpg)'], id='missing picture'
        ),
        pytest.param(
            [*ROWS, ',test/4.jpg'],
            ['pictures that are not in the data set: 1 (the first: line 5: test/4.jpg)'],
            id='unknown picture',
        ),
        pytest.param([*ROWS, ROWS[0]], ['rows of a picture that has a row already: 1'], id='picture twice'),
        pytest.param([ROWS[1], ROWS[0], f'{GOOD},./test/0003.jpg'], ['image ids with ./'], id='other path'),
        pytest.param([*ROWS[:2], 'nan,test/0003.jpg'], ['rows with nan'], id='nan'),
        pytest.param([*ROWS[:2], '', ROWS[2]], ['empty lines: 1'], id='empty line'),
        pytest.param(
            [*ROWS[:2], f'3{GOOD[1:]} 9{GOOD[1:]},test/0003.jpg'],
            ['boxes with a wrong number: 2 (the first: line 4 (test/0003.jpg), box 1: the label 3 is out of range'],
            id='labels',
        ),
        pytest.param(
            [*ROWS[:2], '0 0.9 30 5 10 25 0 0.9 10 5 10 25 0 0.9 90 5 100.5 25,test/0003.jpg'],
            [
                'boxes with x_max < x_min or y_max < y_min: 1 (the first: line 4 (test/0003.jpg), box 1)',
                'boxes without area: 1 (the first: line 4 (test/0003.jpg), box 2)',
                'boxes that are not inside their picture: 1 (the first: line 4 (test/0003.jpg), box 3)',
            ],
            id='corners',
        ),
        pytest.param(
            [*ROWS[:2], '0 nan 1 1 2 2 0 -1 1 1 2 2 0.5 1 1 1 2 2,test/0003.jpg'],
            ['NaN or infinite', 'no whole number', 'is below 0'],
            id='numbers',
        ),
        pytest.param([',x.jpg'], ['without a row: 3', 'not in the data set: 1'], id='nothing fits'),
    ],
)
def test_all_errors_are_told(write, coco, rows, errors):
    check = check_submission(write('\n'.join([HEAD, *rows])), coco)
    assert len(check.errors) == len(errors)
    assert all(part in error for part, error in zip(errors, check.errors, strict=True))


def test_what_is_odd_and_harmless(write, coco):
    rows = [f'{GOOD} ,test/0001.jpg', ROWS[1], '0 1.25 1 1 2 2,test/0003.jpg']
    check = check_submission(write('\ufeff' + '\n'.join([HEAD, *rows])), coco)
    assert check.errors == ()
    assert check.notes == (
        'byte order mark (skipped): 1',
        'rows with blanks around the PredictionString (cut off): 1',
        'scores above 1: 1',
    )


def test_index_column_is_an_error(write, coco):
    rows = [f'{number},{row}' for number, row in enumerate(ROWS)]
    check = check_submission(write('\n'.join([f',{HEAD}', *rows])), coco)
    assert check.errors == ('an unnamed index column: 1',)
