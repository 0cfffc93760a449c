"""Decimal numbers read from bytes by compiled code, to the last bit as Python reads them."""

import numpy as np

from custom_modules.utils.jit import kernel

WHOLE, FRACTION, LONG = 1, 0, -1
"""Kinds of numbers: digits alone, others, and those with too many digits to be read exactly."""

# A whole number up to 2^53 and a power of ten up to 10^22 are exact doubles, so that their product or quotient is the
# double nearest to the decimal (Clinger 1990, "How to read floating point numbers accurately").
_EXACT = 1 << 53
_POWERS = np.array([10.0**power for power in range(23)])


@kernel
def scan_number(text, at):
    """Read a number as json writes it.

    Args:
        text: (T,) uint8.
        at: Where it begins.

    Returns:
        Its value, where it ends (-1 where there is none), and its kind.
    """
    size = len(text)
    negative = at < size and text[at] == 45  # -
    if negative:
        at += 1
    first, mantissa, exponent, fits, kind = at, 0, 0, True, WHOLE
    while at < size and 48 <= text[at] <= 57:
        fits = fits and mantissa <= _EXACT
        mantissa = mantissa * 10 + (text[at] - 48) if fits else mantissa
        at += 1
    if at == first or (text[first] == 48 and at > first + 1):
        return 0.0, -1, kind
    if at < size and text[at] == 46:  # .
        at += 1
        first, kind = at, FRACTION
        while at < size and 48 <= text[at] <= 57:
            fits = fits and mantissa <= _EXACT
            mantissa = mantissa * 10 + (text[at] - 48) if fits else mantissa
            at += 1
        if at == first:
            return 0.0, -1, kind
        exponent = first - at
    if at < size and (text[at] == 101 or text[at] == 69):  # e E
        at += 1
        kind = FRACTION
        down = at < size and text[at] == 45
        if at < size and (text[at] == 45 or text[at] == 43):
            at += 1
        first, power = at, 0
        while at < size and 48 <= text[at] <= 57:
            power = min(power * 10 + (text[at] - 48), 100_000)
            at += 1
        if at == first:
            return 0.0, -1, kind
        exponent += -power if down else power
    if not fits or mantissa > _EXACT or exponent < -22 or exponent > 22:
        return 0.0, at, LONG
    value = float(mantissa)
    value = value / _POWERS[-exponent] if exponent < 0 else value * _POWERS[exponent]
    return (-value if negative else value), at, kind


@kernel
def scan_numbers(text, numbers, counts):
    """Read lines of numbers with blanks between and around them.

    Args:
        text: (T,) uint8.
        numbers: (N,) float64, to fill; long enough for all blanks and line ends, plus one.
        counts: (L,) int64, to fill with the numbers in each line; L is one more than there are line ends.

    Returns:
        How many numbers there are, or -1 where one cannot be read exactly here or something else stands there.
    """
    at, count, line, before = 0, 0, 0, 0
    while True:
        while at < len(text) and text[at] == 32:
            at += 1
        if at == len(text) or text[at] == 10:
            counts[line] = count - before
            if at == len(text):
                return count
            line, before, at = line + 1, count, at + 1
            continue
        value, at, kind = scan_number(text, at)
        if at < 0 or kind == LONG or (at < len(text) and text[at] != 32 and text[at] != 10):
            return -1
        numbers[count] = value
        count += 1
