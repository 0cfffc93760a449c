"""Finding and reading files, and writing them so that a crash never leaves half of one."""

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

REPOSITORY = Path(__file__).resolve().parents[2]


def find_file(path: str | Path) -> Path:
    """Look a file up in the working folder, then in the repository, so that tools work from anywhere.

    Args:
        path: Absolute or relative.

    Returns:
        The file found, or ``path`` itself where there is none.
    """
    path = Path(path)
    return REPOSITORY / path if not path.exists() and (REPOSITORY / path).exists() else path


def as_typed(path: str | Path) -> str:
    """Write a path as one would type it: relative if it is in the working folder, otherwise as it is."""
    relative = os.path.relpath(path)
    return str(path) if Path(relative).parts[:1] == ('..',) else relative


def read_object(path: str | Path) -> dict[str, Any]:
    """Read the json object that a tool left beside its output; empty where there is none or something else."""
    try:
        content = json.loads(Path(path).read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


@contextlib.contextmanager
def atomic_write(path: str | Path, mode: str = 'w') -> Iterator[IO]:
    """Open a temporary file that becomes ``path`` when the block succeeds.

    The data is synced to disk before the rename, and the folder after it, so
    that ``path`` holds either its old content or all of the new one, whatever
    happens.  On an error the temporary file is removed.

    Args:
        path: Final name; missing parent folders are made.
        mode: ``'w'`` (text, UTF-8) or ``'wb'``.

    Yields:
        The open temporary file.

    Raises:
        OSError: The file cannot be written; ``path`` is then unchanged.  It names ``path`` where the system names no
            file (a full disk).
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f'.{path.name[:100]}.', suffix='.tmp', dir=path.parent)
    try:
        with os.fdopen(descriptor, mode, encoding=None if 'b' in mode else 'utf-8') as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException as error:
        if isinstance(error, OSError) and error.errno is not None and error.filename is None:
            error.filename = str(path)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    _sync(path.parent)


@contextlib.contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """Give a temporary folder that becomes ``path`` when the block succeeds, in place of an earlier one.

    The files in it are synced to disk before.  A kill between the two renames of the exchange leaves the earlier folder
    beside ``path`` as ``.<name>.old``; the next call puts it back before it begins, and removes what a kill in the
    block left.

    Args:
        path: Final name; missing parent folders are made.

    Yields:
        The temporary folder, empty.

    Raises:
        OSError: The folder cannot be written; ``path`` is then unchanged.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary, old = path.with_name(f'.{path.name}.tmp'), path.with_name(f'.{path.name}.old')
    _put_back(old, path)
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir()
        yield temporary
        for inside in (*temporary.iterdir(), temporary):
            _sync(inside)
        if path.exists():
            path.rename(old)
        temporary.rename(path)
    except BaseException as error:
        if isinstance(error, OSError) and error.errno is not None and error.filename is None:
            error.filename = str(path)
        shutil.rmtree(temporary, ignore_errors=True)
        _put_back(old, path)
        raise
    _sync(path.parent)
    shutil.rmtree(old, ignore_errors=True)


def _put_back(old: Path, path: Path) -> None:
    if path.exists():
        shutil.rmtree(old, ignore_errors=True)
    elif old.exists():
        old.rename(path)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync(path: Path) -> None:
    """Bring a file or the names in a folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
