"""COCO result records without masks written as text by compiled code, as ``%d`` and ``%.8g`` write their numbers."""

import numpy as np

from custom_modules.utils.jit import kernel

LINE = '{"image_id":%d,"category_id":%d,"bbox":[%.8g,%.8g,%.8g,%.8g],"score":%.8g'
"""A record, but for its end."""

_SEPARATOR = ',\n'
_KEYS = (_SEPARATOR + LINE + '}').replace('%.8g', '%d').encode().split(b'%d')
_KEY_TEXT = np.frombuffer(b''.join(_KEYS), np.uint8)
_KEY_ENDS = np.cumsum([len(key) for key in _KEYS])
_POWERS = 10.0 ** np.arange(23)  # all exact doubles
_LONGEST_NUMBER = 20
_LONGEST_RECORD = len(_KEY_TEXT) + 7 * _LONGEST_NUMBER


def record_text(image_ids: np.ndarray, category_ids: np.ndarray, boxes_xywh: np.ndarray, scores: np.ndarray) -> str:
    """Write records one after the other, a comma and a line end before each.

    Args:
        image_ids: (N,) int64.
        category_ids: (N,) int64.
        boxes_xywh: (N, 4) float64, finite.
        scores: (N,) float64, finite.
    """
    ids = np.stack([image_ids, category_ids], axis=1, dtype=np.int64)
    numbers = np.concatenate([boxes_xywh, scores[:, None]], axis=1, dtype=np.float64)
    buffer, ends = np.empty(len(ids) * _LONGEST_RECORD, np.uint8), np.empty(len(ids), np.int64)
    size = _write_records(ids, numbers, buffer, ends)
    text = buffer[:size].tobytes().decode('ascii')
    pieces, begin = [], 0
    for row in np.flatnonzero(np.diff(ends, prepend=0) == 0).tolist():
        end = int(ends[row])
        pieces += [text[begin:end], _SEPARATOR + LINE % (*ids[row].tolist(), *numbers[row].tolist()) + '}']
        begin = end
    return ''.join([*pieces, text[begin:]])


@kernel
def _write_records(ids, numbers, text, ends):
    """Fill ``text``, and ``ends`` (N,) with where each record ends; returns how much of the text is filled.

    A record with a number that is hard to round (half way between two of 8 digits, below 1e-14, from 1e8 on) is left
    out: it ends where the one before does.
    """
    end = 0
    for row in range(len(ids)):
        at, key = end, 0
        for column in range(len(_KEY_ENDS)):
            while key < _KEY_ENDS[column]:
                text[at] = _KEY_TEXT[key]
                at, key = at + 1, key + 1
            if column < 2:
                at = _write_whole(ids[row, column], text, at)
            elif column < 7:
                at = _write_number(numbers[row, column - 2], text, at)
            if at < 0:
                break
        end = max(at, end)
        ends[row] = end
    return end


@kernel
def _write_whole(value, text, at):
    """Write a whole number from ``at`` on; returns where it ends, or -1 for the one whose opposite does not exist."""
    if value < 0:
        value = -value
        if value < 0:
            return -1
        text[at] = 45  # -
        at += 1
    count, rest = 1, value // 10
    while rest:
        count, rest = count + 1, rest // 10
    for k in range(count - 1, -1, -1):
        text[at + k] = 48 + value % 10
        value //= 10
    return at + count


@kernel
def _write_number(value, text, at):
    """Write a number of 8 significant digits from ``at`` on; returns where it ends, or -1 where that is not known."""
    if np.signbit(value):
        text[at] = 45  # -
        at += 1
        value = -value
    if value == 0.0:
        text[at] = 48
        return at + 1
    if value < 1e-14 or value >= 1e8:
        return -1
    exponent = 0  # of the first digit
    while exponent < 7 and value >= _POWERS[exponent + 1]:
        exponent += 1
    while exponent > -15 and value * _POWERS[-exponent if exponent < 0 else 0] < 1.0:
        exponent -= 1
    scaled = value * _POWERS[7 - exponent]
    digits = int(scaled)
    rest = scaled - digits
    # The product is off by 1e-8 at most.
    if abs(rest - 0.5) < 1e-6:
        return -1
    if rest > 0.5:
        digits += 1
    if digits >= 100_000_000:
        digits //= 10
        exponent += 1
    if exponent > 7:
        return -1
    count = 8
    while digits % 10 == 0:
        digits //= 10
        count -= 1
    if exponent < -4:
        return _write_scientific(digits, count, exponent, text, at)
    return _write_fixed(digits, count, exponent, text, at)


@kernel
def _write_fixed(digits, count, exponent, text, at):
    """Write ``count`` digits whose first one has the given power of ten, as 123.4, 12000 or 0.0012."""
    for place in range(exponent, 0):
        text[at] = 48
        at += 1
        if place == exponent:
            text[at] = 46
            at += 1
    point = exponent + 1 if exponent >= 0 else count
    dot = 1 if point < count else 0
    for k in range(count - 1, -1, -1):
        text[at + k + (dot if k >= point else 0)] = 48 + digits % 10
        digits //= 10
    if dot:
        text[at + point] = 46
    at += count + dot
    for _ in range(count, point):
        text[at] = 48
        at += 1
    return at


@kernel
def _write_scientific(digits, count, exponent, text, at):
    """Write ``count`` digits as 1.234e-05."""
    dot = 1 if count > 1 else 0
    for k in range(count - 1, -1, -1):
        text[at + k + (dot if k > 0 else 0)] = 48 + digits % 10
        digits //= 10
    if dot:
        text[at + 1] = 46
    at += count + dot
    text[at], text[at + 1] = 101, 45
    text[at + 2], text[at + 3] = 48 + -exponent // 10, 48 + -exponent % 10
    return at + 4
