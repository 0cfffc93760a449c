"""Journals keep every whole record, whatever became of the last one."""

import multiprocessing
import os

import pytest

from custom_modules.engine.inference.journal import (
    Entry,
    JournalWriter,
    list_entries,
    read_entry,
    read_header,
)
from custom_modules.utils import UserError

pytestmark = pytest.mark.fast

# Line ends are nothing special in what was found.
ENTRIES = [Entry(4, [b'{"id":1}\n{"a":"\\`"}', b''], []), Entry(0, [], [(3, 'gone ä')]), Entry(7, [b'\n\x00\n'], [])]


def write(path, entries=ENTRIES) -> None:
    journal = JournalWriter(path, {'of': 'this'})
    for entry in entries:
        journal.add(entry)
    journal.close()


def ends_of_records(path) -> list[int]:
    """Give the size of the file after each record, the header's first."""
    ends = []
    for count in range(len(ENTRIES) + 1):
        write(path, ENTRIES[:count])
        ends.append(path.stat().st_size)
        path.unlink()
    return ends


def entries_of(path) -> list[Entry]:
    return [read_entry(path, place) for _, place in list_entries(path)]


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / 'a.journal'
    write(path)
    assert entries_of(path) == ENTRIES
    assert [number for number, _ in list_entries(path)] == [4, 0, 7]
    header = read_header(path)
    assert header.pop('token') and header == {'of': 'this'}


def test_cut_anywhere_it_goes_on_after_the_last_whole_record(tmp_path, monkeypatch):
    monkeypatch.setattr(os, 'fsync', lambda file: None)  # hundreds of times
    path = tmp_path / 'a.journal'
    ends = ends_of_records(path)
    write(path)
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        kept = max(sum(end <= cut for end in ends) - 1, 0)  # the first record is the header
        assert entries_of(path) == ENTRIES[:kept], cut
        assert (read_header(path) is None) == (cut < ends[0])
        write(path, ENTRIES[kept:])
        assert entries_of(path) == ENTRIES, cut


def test_a_changed_byte_ends_it_there(tmp_path):
    """Also one of a length, which then is of a record that has no end."""
    path = tmp_path / 'a.journal'
    ends = ends_of_records(path)
    write(path)
    whole = path.read_bytes()
    for place in range(len(whole)):
        content = bytearray(whole)
        content[place] ^= 1
        path.write_bytes(content)
        kept = sum(end <= place for end in ends)
        assert entries_of(path) == ENTRIES[: max(kept - 1, 0)], place


def test_zeros_after_a_power_cut_are_dropped(tmp_path):
    path = tmp_path / 'a.journal'
    write(path, ENTRIES[:2])
    with open(path, 'ab') as file:
        file.write(bytes(4096))
    write(path, ENTRIES[2:])
    assert entries_of(path) == ENTRIES


def _refused(path) -> None:
    try:
        JournalWriter(path, {})
    except UserError as error:
        os._exit(7 if 'another job writes these predictions' in str(error) else 8)
    os._exit(9)


def test_only_one_process_writes_it(tmp_path):
    path = tmp_path / 'a.journal'
    journal = JournalWriter(path, {'of': 'this'})
    journal.add(ENTRIES[0])
    assert entries_of(path) == ENTRIES[:1]  # reading it does not unlock it
    context, codes = multiprocessing.get_context('fork'), []
    for _ in range(2):
        child = context.Process(target=_refused, args=(path,))
        child.start()
        child.join(20)
        codes.append(child.exitcode)
        journal.close()
    assert codes == [7, 9]
