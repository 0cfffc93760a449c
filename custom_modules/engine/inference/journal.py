"""Finished batches of predictions, kept line by line so that a kill loses none of them.

A journal belongs to one process.  Its first line is a header that says what the predictions are of; then comes one
line per finished batch, ``<crc32> <batch> <json>``.  A line that was not written to its end fails its checksum: it and
what follows are dropped.
"""

import contextlib
import fcntl
import json
import os
import secrets
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ...utils import UserError

SUFFIX = '.journal'
_SECONDS_TO_SYNC = 3.0


@dataclass(frozen=True)
class Entry:
    """A finished batch.

    Attributes:
        batch: Its number.
        lines: A COCO result record each, as text.
        unreadable: Position of each picture that could not be read, and why.
    """

    batch: int
    lines: list[str]
    unreadable: list[tuple[int, str]]


class JournalWriter:
    """Append finished batches to a journal; locked against other processes as long as it is open.

    Args:
        path: The journal; an existing one is continued after its last whole line.
        header: What the predictions are of.

    Raises:
        UserError: Another process writes it, or it cannot be written.
    """

    def __init__(self, path: Path, header: dict[str, Any]) -> None:
        self._lock = lock_journal(path)
        with told_as_mistake(path):
            self._file = open(path, 'ab', buffering=0)  # noqa: SIM115 - stays open
            end = _end_of_whole_lines(path)
            self._file.truncate(end)
            if not end:
                self._put(-1, {**header, 'token': secrets.token_hex(8)})
            self._sync()

    def add(self, entry: Entry) -> None:
        """Append a batch; it survives the end of the process from here on, and that of the machine seconds later.

        Raises:
            UserError: It cannot be written.
        """
        with told_as_mistake(self._file.name):
            self._put(entry.batch, [entry.lines, entry.unreadable])
            if time.monotonic() - self._synced > _SECONDS_TO_SYNC:
                self._sync()

    def close(self) -> None:
        """Sync and unlock.

        Raises:
            UserError: It cannot be written.
        """
        if not self._file.closed:
            with told_as_mistake(self._file.name), self._lock, self._file:
                self._sync()

    def _put(self, batch: int, content: Any) -> None:
        text = f'{batch} {json.dumps(content, separators=(",", ":"))}'.encode()
        line = memoryview(b'%08x %s\n' % (zlib.crc32(text), text))
        while line:  # a disk that fills up may take a part
            line = line[self._file.write(line) :]

    def _sync(self) -> None:
        os.fsync(self._file.fileno())
        self._synced = time.monotonic()


@contextlib.contextmanager
def told_as_mistake(path: str | Path) -> Iterator[None]:
    """Tell what the system refuses to write, a full disk above all, as the user's mistake.

    Raises:
        UserError: Instead of an OSError in the block.
    """
    try:
        yield
    except OSError as error:
        raise UserError(f'{path}: cannot be written ({error.strerror}); the same command goes on') from None


def lock_journal(path: Path) -> IO:
    """Lock a journal until the file returned is closed.

    The lock is a file of its own, since a process loses its lock when it closes any file it opened under that name;
    and it belongs to the process alone: loader workers, which outlive a killed process by seconds, do not inherit it.

    Args:
        path: The journal.

    Raises:
        UserError: Another process has it locked, or nothing can be written there.
    """
    try:
        lock = open(path.with_suffix('.lock'), 'w')  # noqa: SIM115 - stays open
    except OSError as error:
        raise UserError(f'{path}: cannot be written ({error.strerror}); choose another --out') from None
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise UserError(f'{path}: another job writes these predictions; wait for it or choose another --out') from None
    return lock


def read_header(path: Path) -> dict[str, Any] | None:
    """Return what a journal says it is of; None where its first line is damaged."""
    with open(path, 'rb') as file:
        text = _checked(file.readline())
    if text is None or not text.startswith(b'-1 '):
        return None
    return json.loads(text[3:])


def list_entries(path: Path) -> Iterator[tuple[int, int]]:
    """Yield number and place of each batch of a journal, as far as it is whole."""
    for place, text in _whole_lines(path):
        number = int(text[: text.index(b' ')])
        if number >= 0:
            yield number, place


def read_entry(path: Path, place: int) -> Entry:
    """Read a batch at a place that :func:`list_entries` gave."""
    with open(path, 'rb') as file:
        file.seek(place)
        number, _, content = file.readline()[9:].partition(b' ')
    lines, unreadable = json.loads(content)
    return Entry(int(number), lines, [(index, reason) for index, reason in unreadable])


def _end_of_whole_lines(path: Path) -> int:
    end = 0
    for place, text in _whole_lines(path):
        end = place + len(text) + 10  # checksum, space, line end
    return end


def _whole_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with open(path, 'rb') as file:
        place = 0
        for line in file:
            text = _checked(line)
            if text is None:
                return
            yield place, text
            place += len(line)


def _checked(line: bytes) -> bytes | None:
    """Return a line without its checksum and end; None where they do not fit."""
    text = line[9:-1]
    return text if line.endswith(b'\n') and line[:9] == b'%08x ' % zlib.crc32(text) else None
