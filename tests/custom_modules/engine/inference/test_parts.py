"""What is done already is known from all journals, and those of other machines come to the first one."""

import pytest

from custom_modules.engine.inference.journal import Entry, JournalWriter
from custom_modules.engine.inference.parts import Parts
from custom_modules.utils import UserError

from .ranks import fork_ranks, wait

HEADER = {'checkpoint': 'a', 'tta': None}


def entry(number: int) -> Entry:
    return Entry(number, [b'%d' % number], [])


def write(path, numbers, header=HEADER) -> None:
    path.parent.mkdir(exist_ok=True)
    journal = JournalWriter(path, header)
    for number in numbers:
        journal.add(entry(number))
    journal.close()


def numbers(entries) -> list[int]:
    return [one.batch for one in entries]


@pytest.mark.fast
def test_what_any_journal_holds_is_done(tmp_path):
    folder = tmp_path / 'parts'
    write(folder / 'rank00000.journal', [0, 4, 2])
    write(folder / 'rank00003.journal', [8, 1])
    parts = Parts(folder, HEADER, 10)
    assert parts.remaining.tolist() == [3, 5, 6, 7, 9] and parts.discarded == []
    assert list(parts.entries()) == [entry(number) for number in (0, 1, 2, 4, 8)]
    assert [numbers(parts.entries(skip, 2)) for skip in (0, 1)] == [[0, 2, 8], [1, 4]]
    journal = parts.open()
    journal.add(entry(3))
    journal.close()
    assert numbers(parts.entries()) == [0, 1, 2, 3, 4, 8]
    parts.remove()
    assert not folder.exists()


@pytest.mark.fast
def test_a_batch_that_two_journals_hold_counts_once(tmp_path):
    write(tmp_path / 'parts' / 'rank00000.journal', [0, 1])
    write(tmp_path / 'parts' / 'rank00001.journal', [1, 2])
    parts = Parts(tmp_path / 'parts', HEADER, 3)
    assert parts.remaining.tolist() == [] and numbers(parts.entries()) == [0, 1, 2]


@pytest.mark.fast
def test_journals_of_something_else_are_discarded(tmp_path):
    folder = tmp_path / 'parts'
    write(folder / 'rank00000.journal', [0, 1], {**HEADER, 'tta': {'scales': [1]}})
    write(folder / 'rank00001.journal', [2])
    (folder / 'rank00002.journal').write_bytes(b'12345678 -1 {"check')
    parts = Parts(folder, HEADER, 3)
    assert parts.discarded == ['tta'] and parts.remaining.tolist() == [0, 1]
    assert [path.name for path in sorted(folder.glob('*.journal'))] == ['rank00001.journal']


@pytest.mark.fast
def test_no_pictures_at_all(tmp_path):
    parts = Parts(tmp_path / 'parts', HEADER, 0)
    assert parts.remaining.tolist() == [] and list(parts.entries()) == []


def test_machines_that_share_a_folder_discard_without_meeting(tmp_path):
    """Many journals of something else, so that machines that discard at once would take them from each other."""
    folder = tmp_path / 'parts'
    for number in range(40):
        write(folder / f'rank{number:05d}.journal', [number], {**HEADER, 'checkpoint': 'b'})

    def one_rank(rank: int) -> None:
        parts = Parts(folder, HEADER, 4)
        assert parts.discarded == ['checkpoint'] and len(parts.remaining) == 4
        parts.remove()

    assert wait(fork_ranks(one_rank, 3, tmp_path / 'meeting', machines=True)) == [0, 0, 0]


@pytest.mark.fast
def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(UserError, match=r'file/parts: cannot be written \(Not a directory\)'):
        Parts(tmp_path / 'file' / 'parts', HEADER, 4)


def test_journals_of_machines_without_a_shared_folder_are_sent(tmp_path, monkeypatch):
    """Machine 1 has its own journal and one of an earlier call of more ranks; pieces are smaller than the journals."""
    monkeypatch.setattr('custom_modules.engine.inference.parts._PIECE', 50)
    write(tmp_path / 'machine1' / 'rank00005.journal', [5])

    def one_rank(rank: int) -> None:
        parts = Parts(tmp_path / f'machine{rank}', HEADER, 6)
        assert parts.remaining.tolist() == [0, 1, 2, 3, 4]
        journal = parts.open()
        for number in parts.remaining[rank::2].tolist():
            journal.add(entry(number))
        journal.close()
        parts.collect()
        parts.collect()  # as after a kill in between
        if rank == 0:
            assert list(parts.entries()) == [entry(number) for number in range(6)]
        parts.remove()

    assert wait(fork_ranks(one_rank, 2, tmp_path / 'meeting', machines=True)) == [0, 0]
    assert not list(tmp_path.glob('machine*'))
