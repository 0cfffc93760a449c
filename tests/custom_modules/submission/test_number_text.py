import numpy as np
import pytest

from custom_modules.submission.number_text import NotNumbersError, parse_numbers


@pytest.mark.parametrize(
    ('texts', 'numbers', 'counts'),
    [
        pytest.param([], [], [], id='no texts'),
        pytest.param([''], [], [0], id='an empty text'),
        pytest.param(['', '1 2', '', '3', ''], [1, 2, 3], [0, 2, 0, 1, 0], id='empty texts between and around'),
        pytest.param([' 1  2\t3 '], [1, 2, 3], [3], id='any white space'),
        pytest.param(['1 2 '], [1, 2], [2], id='blank at the end'),
        pytest.param([' ', '5'], [5], [0, 1], id='blank alone'),
        pytest.param(['1\u00a02'], [1, 2], [2], id='a blank that does not break lines'),
        pytest.param(['-1.5e-3 +2 .5 7.'], [-0.0015, 2, 0.5, 7], [4], id='ways of writing'),
        pytest.param(['nan inf'], [np.nan, np.inf], [2], id='not finite'),
        pytest.param(['0.1 0.30000000000000004'], [0.1, 0.30000000000000004], [2], id='exact'),
    ],
)
def test_numbers(texts, numbers, counts):
    found, per_text = parse_numbers(texts)
    np.testing.assert_array_equal(found, numbers)
    assert per_text.tolist() == counts


@pytest.mark.parametrize(
    ('texts', 'index', 'word'),
    [
        pytest.param(['1 2', '3 x 4'], 1, 'x', id='a word'),
        pytest.param(['0,5'], 0, '0,5', id='a decimal comma'),
        pytest.param(['1', '1_0'], 1, '1_0', id='an underscore'),
        pytest.param(['0x10'], 0, '0x10', id='hexadecimal'),
        pytest.param(['1\x002'], 0, '1\x002', id='a zero byte'),
        pytest.param(['1 -'], 0, '-', id='a sign alone'),
        pytest.param(['\u0661'], 0, '\u0661', id='a digit of another script'),
        pytest.param(['x', 'y'], 0, 'x', id='nothing but words'),
    ],
)
def test_words_are_named(texts, index, word):
    with pytest.raises(NotNumbersError) as error:
        parse_numbers(texts)
    assert (error.value.index, error.value.word) == (index, word)
