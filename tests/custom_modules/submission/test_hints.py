import pytest

from custom_modules.submission import check_submission, read_member
from custom_modules.utils import UserError

from .conftest import HEAD

NAMES = ('test/0001.jpg', 'test/0002.jpg', 'test/0003.jpg')
GOOD = '0 0.9 10 5 30 25'


def rows_of(string: str, names=NAMES) -> list[str]:
    return [HEAD, *(f'{string},{name}' for name in names)]


@pytest.mark.parametrize(
    ('rows', 'told', 'obstacle'),
    [
        pytest.param(
            rows_of('1 0.9 1 1 9 9 3 0.9 1 1 9 9'),
            'shifted by one, they run from 1 to 3: labels count from 0, so subtract 1',
            'shifted by one',
            id='labels from 1',
        ),
        pytest.param(rows_of('9 0.9 1 1 9 9 5 0.9 1 1 9 9'), 'look like the ids of categories', 'ids', id='ids'),
        pytest.param(rows_of('7 0.9 1 1 9 9'), 'the label 7 is out of range', 'out of range', id='neither'),
        pytest.param(
            rows_of(GOOD, [name[5:] for name in NAMES]), 'missing: it is called test/0001.jpg', 'folders', id='folder'
        ),
        pytest.param(
            rows_of(GOOD, [name[:-4] for name in NAMES]), 'suffix is another one or missing', 'suffix', id='suffix'
        ),
        pytest.param(rows_of(GOOD, ['a', 'b', 'c']), 'is this file about another data set?', 'data set', id='other'),
        pytest.param(
            rows_of('0 0.9 50 30 20 10'), 'the boxes look like x, y, width, height', 'width, height', id='few sizes'
        ),
        pytest.param(rows_of(' '.join(['0 0.9 50 30 20 10'] * 7)), 'look like x, y, width', None, id='sizes for sure'),
        pytest.param([*rows_of(GOOD)[:3], f'{GOOD},./{NAMES[2]}'], './', None, id='a path that is mended'),
    ],
)
def test_what_looks_wrong_is_told_and_advice_works(write, coco, rows, told, obstacle):
    """Writing the csv again is proposed where it works, and only there."""
    path = write('\n'.join(rows))
    check = check_submission(path, coco)
    assert told in '\n'.join(check.errors)
    if obstacle is None:
        assert check.obstacle is None
        read_member(path, coco)
    else:
        assert obstacle in check.obstacle
        with pytest.raises(UserError):
            read_member(path, coco)


@pytest.mark.parametrize(
    ('string', 'warns'), [('0 0.9 0.1 0.2 0.5 1', True), ('0 0.9 0.1 0.2 0.5 1.5', False), ('', False)]
)
def test_fractions_are_warned_of(write, coco, string, warns):
    check = check_submission(write('\n'.join(rows_of(string))), coco)
    assert check.errors == ()
    assert len(check.warnings) == warns
