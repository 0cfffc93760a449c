"""A line that is written over, and log messages that appear above it."""

import io
import logging
import os

import pytest

from custom_modules.utils.status_line import StatusLine, bar, clock

pytestmark = pytest.mark.fast


def screen(text: str) -> list[str]:
    """Return what a terminal shows after it was sent this."""
    lines = ['']
    for part in text.replace('\x1b[K', '\0').split('\n'):
        for piece in part.split('\r'):
            lines[-1] = piece.removeprefix('\0') if piece.startswith('\0') else piece + lines[-1][len(piece) :]
        lines.append('')
    return lines[:-1]


def test_messages_stay_and_the_line_is_below_them():
    stream = io.StringIO()
    line = StatusLine(stream)
    handler = logging.StreamHandler(line)
    logger = logging.Logger('x')
    logger.addHandler(handler)
    line.show('a long line: 1')
    logger.info('first')
    line.show('short: 2')
    logger.warning('second\nof two lines')
    line.show('3')
    line.close()
    logger.info('after')
    assert screen(stream.getvalue()) == ['first', 'second', 'of two lines', '3', 'after', '']


def test_a_line_wider_than_the_terminal_is_cut(monkeypatch):
    monkeypatch.setattr('shutil.get_terminal_size', lambda: os.terminal_size((10, 5)))
    stream = io.StringIO()
    StatusLine(stream).show('0123456789abc')
    assert screen(stream.getvalue()) == ['012345678']


def test_closing_an_empty_line_writes_nothing():
    stream = io.StringIO()
    StatusLine(stream).close()
    assert stream.getvalue() == ''


@pytest.mark.parametrize(('share', 'drawn'), [(0, '....'), (0.5, '##..'), (1, '####'), (1.7, '####'), (-1, '....')])
def test_bar(share, drawn):
    assert bar(share, 4) == drawn


@pytest.mark.parametrize(
    ('seconds', 'text'), [(0, '0:00:00'), (59.6, '0:01:00'), (3661, '1:01:01'), (90061, '1 d 1:01:01'), (-3, '0:00:00')]
)
def test_clock(seconds, text):
    assert clock(seconds) == text
