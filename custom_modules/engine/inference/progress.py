"""How far a prediction has come, for the terminal."""

import time
from typing import TextIO

from ...utils.status_line import StatusLine, bar, clock

_SECONDS_BETWEEN_LINES = 60


class PredictionProgress:
    """A line that is written over on a terminal, and one line a minute elsewhere.

    Args:
        stream: Where to write.

    Attributes:
        total: Pictures in all; 0 before it is known.
        done: Pictures done, those of earlier calls included.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._line = StatusLine(stream) if stream.isatty() else None
        self.total = self.done = 0

    def begin(self, total: int, done: int) -> None:
        """Start the clock.

        Args:
            total: Pictures in all.
            done: Pictures that earlier calls have done.
        """
        self.total, self.done, self._before = total, done, done
        self._started = self._told = time.monotonic()
        if done:
            self.tell(f'{done} of {total} pictures are done, going on from there')

    def advance(self, count: int) -> None:
        """Count pictures as done."""
        self.done += count
        now = time.monotonic()
        if self._line:
            self._line.show(self.text())
        elif now - self._told > _SECONDS_BETWEEN_LINES:
            self._told = now
            self.tell(self.text())

    def tell(self, line: str) -> None:
        """Write a line above."""
        (self._line or self._stream).write(line + '\n')
        self._stream.flush()

    def text(self) -> str:
        """Write pictures done, pictures per second and the time left."""
        rate = (self.done - self._before) / max(time.monotonic() - self._started, 1e-9)
        left = clock((self.total - self.done) / max(rate, 1e-9))
        share = bar(self.done / self.total, 20) if self.total else ''
        return f'[{share}] {self.done}/{self.total} pictures, {rate:.1f}/s, {left} left'

    def close(self) -> None:
        """Leave the last line as it is; to be called once."""
        if self._line:
            self._line.close()
        elif self.total:
            self.tell(self.text())
