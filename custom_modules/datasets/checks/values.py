"""Reading single values of a json file whose types nobody has checked."""

import math

MAX_ID = 2**63 - 1
"""Ids go into 64-bit integers when boxes are scored."""


def whole_number(value: object) -> int | None:
    """Read an integer; ``3.0`` counts, ``True`` and ``'3'`` do not.

    Args:
        value: Anything json can hold.

    Returns:
        The integer, or None where the value is none or needs more than 64 bits.
    """
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and -MAX_ID <= value <= MAX_ID else None


def real_number(value: object) -> float | None:
    """Read a number as float.

    Args:
        value: Anything json can hold.

    Returns:
        The number, infinite where it is beyond the range of floats, or None
        where the value is no number.
    """
    if type(value) is float:
        return value
    if type(value) is not int:
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


def flag(value: object) -> int | None:
    """Read 0 or 1 (also as true, false or float).

    Args:
        value: Anything json can hold.

    Returns:
        0 or 1, or None where the value is neither.
    """
    return int(value) if type(value) in (int, float, bool) and value in (0, 1) else None
