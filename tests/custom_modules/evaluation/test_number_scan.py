import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_modules.evaluation.number_scan import FRACTION, LONG, WHOLE, scan_number, scan_numbers


@pytest.mark.parametrize(
    ('text', 'value', 'kind'),
    [
        ('0', 0.0, WHOLE),
        ('-12', -12.0, WHOLE),
        ('9007199254740992', 2.0**53, WHOLE),
        ('9007199254740993', None, LONG),
        ('0.1', 0.1, FRACTION),
        ('-0.1234', -0.1234, FRACTION),
        ('1e22', 1e22, FRACTION),
        ('1E-22', 1e-22, FRACTION),
        ('1e+2', 100.0, FRACTION),
        ('1e23', None, LONG),
        ('1e-23', None, LONG),
        ('0.30000000000000004', None, LONG),
        ('1e99999999999999999999', None, LONG),
        ('123456.78', 123456.78, FRACTION),
    ],
)
def test_numbers(text, value, kind):
    found, stop, found_kind = scan_number(np.frombuffer(text.encode(), np.uint8), 0)
    assert (stop, found_kind) == (len(text), kind)
    assert value is None or found == value


@pytest.mark.parametrize('text', ['', '-', '.5', '1.', '1e', '1e+', '+1', '01', '-01', 'nan', 'x'])
def test_what_json_does_not_call_a_number(text):
    assert scan_number(np.frombuffer(text.encode(), np.uint8), 0)[1] == -1


@settings(max_examples=300, deadline=None)
@given(st.decimals(-(10**9), 10**9, allow_nan=False, allow_infinity=False, places=6) | st.floats(0, 1).map(repr))
def test_to_the_last_bit(number):
    text = str(number).encode()
    value, stop, kind = scan_number(np.frombuffer(text, np.uint8), 0)
    assert stop == len(text)
    assert kind == LONG or value == float(text)


@pytest.mark.parametrize(
    ('text', 'numbers', 'counts'),
    [
        ('', [], [0]),
        ('\n', [], [0, 0]),
        (' 1  2 \n\n3', [1, 2, 3], [2, 0, 1]),
        ('1 x', None, None),
        ('1x', None, None),
        ('1\t2', None, None),
        ('0.30000000000000004', None, None),
    ],
)
def test_lines(text, numbers, counts):
    found, per_line = np.empty(20), np.zeros(text.count('\n') + 1, np.int64)
    total = scan_numbers(np.frombuffer(text.encode(), np.uint8), found, per_line)
    assert (total == -1) == (numbers is None)
    if numbers is not None:
        assert found[:total].tolist() == numbers
        assert per_line.tolist() == counts
