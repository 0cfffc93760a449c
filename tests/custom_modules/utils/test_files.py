"""Paths as they are shown, and folders that are written whole or not at all."""

import os
from pathlib import Path

import pytest

from custom_modules.utils import as_typed, atomic_folder

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ('path', 'shown'),
    [
        ('{here}/runs/a', 'runs/a'),
        ('runs/a', 'runs/a'),
        ('./runs/a', 'runs/a'),
        ('../b', '../b'),
        ('{here}/../b', '{here}/../b'),
        ('{here}/..runs', '..runs'),
        ('{here}_other/a', '{here}_other/a'),
    ],
    ids=['inside', 'relative', 'dot', 'beside', 'beside-whole', 'dots', 'same-beginning'],
)
def test_a_path_is_shown_as_one_would_type_it(tmp_path, path, shown):
    here = tmp_path / 'here'
    here.mkdir()
    os.chdir(here)
    assert as_typed(path.format(here=here)) == shown.format(here=here)


def content_of(folder) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_a_folder_appears_when_all_of_it_is_written(tmp_path):
    path = tmp_path / 'above' / 'x'
    for text in ('first', 'second'):
        with atomic_folder(path) as inside:
            (inside / f'{text}.txt').write_text(text)
            assert path.exists() is (text == 'second')
        assert content_of(path) == {f'{text}.txt': text}
    assert [one.name for one in path.parent.iterdir()] == ['x']


def test_an_error_leaves_the_earlier_folder(tmp_path):
    path = tmp_path / 'x'
    for _ in range(2):
        with pytest.raises(KeyError), atomic_folder(path) as inside:
            (inside / 'a').touch()
            raise KeyError
        assert not path.exists() and not list(tmp_path.iterdir())
    with atomic_folder(path) as inside:
        (inside / 'a').write_text('kept')
    with pytest.raises(KeyError), atomic_folder(path) as inside:
        raise KeyError
    assert content_of(path) == {'a': 'kept'} and [one.name for one in tmp_path.iterdir()] == ['x']


@pytest.mark.parametrize('renames', [0, 1, 2])
def test_a_kill_at_any_rename_leaves_the_earlier_folder_or_the_new_one(tmp_path, monkeypatch, renames):
    """The process stops before one of the renames of an exchange, or after both; the next call clears up."""
    path = tmp_path / 'x'
    with atomic_folder(path) as inside:
        (inside / 'a').write_text('earlier')
    pid = os.fork()
    if not pid:
        rename, left = Path.rename, [renames]

        def rename_or_die(self, target):
            if not left[0]:
                os._exit(0)
            left[0] -= 1
            return rename(self, target)

        monkeypatch.setattr(Path, 'rename', rename_or_die)
        monkeypatch.setattr(
            'shutil.rmtree', lambda folder, **_: folder.name == '.x.old' and folder.exists() and os._exit(0)
        )
        with atomic_folder(path) as inside:
            (inside / 'a').write_text('new')
        os._exit(1)
    assert os.waitpid(pid, 0)[1] == 0
    with pytest.raises(KeyError), atomic_folder(path):
        raise KeyError
    assert content_of(path) == {'a': 'new' if renames == 2 else 'earlier'}
    assert [one.name for one in tmp_path.iterdir()] == ['x']
