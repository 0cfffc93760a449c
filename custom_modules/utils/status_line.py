"""One line at the foot of a terminal that is written over and over."""

import shutil
from typing import TextIO

_CLEAR = '\r\x1b[K'


class StatusLine:
    """A line that stays below whatever else is written through it.

    It has the two methods a logging handler needs of its stream, so that log messages appear above the line.

    Args:
        stream: The terminal.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self._text = ''

    def show(self, text: str) -> None:
        """Replace the line; what is wider than the terminal is cut off."""
        self._text = text[: shutil.get_terminal_size().columns - 1]
        self._put(_CLEAR + self._text)

    def write(self, text: str) -> None:
        """Write whole lines above."""
        end = '' if text.endswith('\n') else '\n'
        self._put(_CLEAR + text + (end + self._text if self._text else ''))

    def flush(self) -> None:
        """Write what is buffered."""
        self.stream.flush()

    def close(self) -> None:
        """Leave the line where it is and go to the next."""
        if self._text:
            self._text = ''
            self._put('\n')

    def _put(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()


def bar(share: float, width: int) -> str:
    """Draw how much is done.

    Args:
        share: From 0 to 1.
        width: Characters.
    """
    done = round(min(max(share, 0.0), 1.0) * width)
    return '#' * done + '.' * (width - done)


def clock(seconds: float) -> str:
    """Write a duration as h:mm:ss, with days where there are any."""
    minutes, second = divmod(round(max(seconds, 0.0)), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return f'{f"{days} d " if days else ""}{hour}:{minute:02d}:{second:02d}'
