"""Finished batches of predictions, kept one by one so that a kill loses none of them.

A journal belongs to one process.  Its first record is a header that says what the predictions are of; then comes one
record per finished batch.  A record is a line ``<crc32> <batch> <bytes>``, so many bytes, and a line end.  One that was
not written to its end fails its checksum: it and what follows are dropped.
"""

import contextlib
import fcntl
import json
import os
import re
import secrets
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

from ...utils import UserError

SUFFIX = '.journal'
_HEADER = -1  # the number of the first record, which is no batch
_HEAD = re.compile(rb'([0-9a-f]{8}) (-1|\d{1,18}) (\d{1,18})\n')
_SECONDS_TO_SYNC = 3.0
_LONGEST_HEAD = 64  # zeros that a power cut left are a line of any length
_PIECE = 1 << 20  # bytes read at a time to check them


@dataclass(frozen=True)
class Entry:
    """A finished batch.

    Attributes:
        batch: Its number.
        found: What was found on each picture that could be read, as its output format keeps it.
        unreadable: Position of each picture that could not be read, and why.
    """

    batch: int
    found: list[bytes]
    unreadable: list[tuple[int, str]]


class JournalWriter:
    """Append finished batches to a journal; locked against other processes as long as it is open.

    Args:
        path: The journal; an existing one is continued after its last whole record.
        header: What the predictions are of.

    Raises:
        UserError: Another process writes it, or it cannot be written.
    """

    def __init__(self, path: Path, header: dict[str, Any]) -> None:
        self._lock = lock_journal(path)
        with told_as_mistake(path):
            self._file = open(path, 'ab', buffering=0)  # noqa: SIM115 - stays open
            end = max((record.end for record in _whole_records(path)), default=0)
            self._file.truncate(end)
            if not end:
                self._put(_HEADER, [_to_json({**header, 'token': secrets.token_hex(8)})])
            self._sync()

    def add(self, entry: Entry) -> None:
        """Append a batch; it survives the end of the process from here on, and that of the machine seconds later.

        Raises:
            UserError: It cannot be written.
        """
        with told_as_mistake(self._file.name):
            contents = _to_json([[len(content) for content in entry.found], entry.unreadable])
            self._put(entry.batch, [contents + b'\n', *entry.found])
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

    def _put(self, batch: int, pieces: list[bytes]) -> None:
        head = b'%d %d\n' % (batch, sum(map(len, pieces)))
        checksum = zlib.crc32(head)
        for piece in pieces:
            checksum = zlib.crc32(piece, checksum)
        for piece in (b'%08x ' % checksum + head, *pieces, b'\n'):
            left = memoryview(piece)
            while left:  # a disk that fills up may take a part
                left = left[self._file.write(left) :]

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
    """Return what a journal says it is of; None where its first record is damaged."""
    first = next(_whole_records(path), None)
    return json.loads(_read(path, first)) if first and first.batch == _HEADER else None


def list_entries(path: Path) -> Iterator[tuple[int, int]]:
    """Yield number and place of each batch of a journal, as far as it is whole."""
    for record in _whole_records(path):
        if record.batch != _HEADER:
            yield record.batch, record.start


def read_entry(path: Path, place: int) -> Entry:
    """Read a batch at a place that :func:`list_entries` gave."""
    with open(path, 'rb') as file:
        file.seek(place)
        _, batch, _ = file.readline().split()
        lengths, unreadable = json.loads(file.readline())
        found = [file.read(length) for length in lengths]
    return Entry(int(batch), found, [(index, reason) for index, reason in unreadable])


class _Record(NamedTuple):
    """Where a record begins, where its content does, and where it ends, in bytes."""

    batch: int
    start: int
    content: int
    end: int


def _read(path: Path, record: _Record) -> bytes:
    with open(path, 'rb') as file:
        file.seek(record.content)
        return file.read(record.end - 1 - record.content)


def _whole_records(path: Path) -> Iterator[_Record]:
    with open(path, 'rb') as file:
        start = 0
        while head := _HEAD.fullmatch(file.readline(_LONGEST_HEAD)):
            checksum, batch, length = head.groups()
            content, left, found = file.tell(), int(length), zlib.crc32(head[0][9:])
            while left and (piece := file.read(min(_PIECE, left))):
                left, found = left - len(piece), zlib.crc32(piece, found)
            if left or int(checksum, 16) != found or file.read(1) != b'\n':
                return
            yield _Record(int(batch), start, content, file.tell())
            start = file.tell()


def _to_json(content: Any) -> bytes:
    return json.dumps(content, separators=(',', ':')).encode()
