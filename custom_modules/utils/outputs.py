"""Refusing outputs that cannot be written, before the work is done."""

import os
from collections.abc import Iterable
from pathlib import Path

from .errors import UserError


def check_output(
    path: str | Path, suffixes: tuple[str, ...] = ('.json',), *, inputs: Iterable[Path] = (), option: str = '--out'
) -> None:
    """Refuse a name that a file cannot be written to; nothing is made yet.

    Args:
        path: The file to write.
        suffixes: What it may end in.
        inputs: Files that are read and must stay as they are.
        option: The option that names it.

    Raises:
        UserError: It ends in something else, is a folder or one of the inputs, or lies where nothing can be written.
    """
    path = Path(path)
    if path.suffix not in suffixes:
        raise UserError(f'{option} {path}: give a name that ends in {" or ".join(suffixes)}')
    if path.is_dir():
        raise UserError(f'{option} {path}: is a folder; give the name of a file')
    if path.resolve() in [other.resolve() for other in inputs]:
        raise UserError(f'{option} {path}: is a file that is read; give another name')
    check_folder(path.parent, option)


def refuse_data_set(path: str | Path, option: str = '--out') -> None:
    """Refuse to write predictions over the json of a data set, whose annotations would be gone.

    Args:
        path: The file to write; predictions that are there already are a list, and may be replaced.
        option: The option that names it.

    Raises:
        UserError: The file that is there is a json object.
    """
    path = Path(path)
    if path.suffix == '.json' and path.is_file():
        with open(path, 'rb') as file:
            begin = file.read(64).lstrip()
        if begin.startswith(b'{'):
            raise UserError(f'{option} {path}: holds no predictions (a data set?), it is not overwritten; name another')


def check_output_folder(path: str | Path, *, holds: str, option: str = '--out') -> None:
    """Refuse a name that a folder of results cannot be written to; nothing is made yet.

    Args:
        path: The folder to write; an earlier one is going to be replaced.
        holds: A file that tells an earlier one from folders of something else.
        option: The option that names it.

    Raises:
        UserError: It is a file or a folder of something else, or lies where nothing can be written.
    """
    path = Path(path)
    if path.is_dir() and not (path / holds).exists() and any(path.iterdir()):
        raise UserError(f'{option} {path}: is a folder of something else, which would be replaced; give another name')
    if path.exists() and not path.is_dir():
        raise UserError(f'{option} {path}: is a file; give the name of a folder')
    check_folder(path.parent, option)


def check_folder(folder: str | Path, option: str) -> None:
    """Refuse a folder that cannot be written to or made; nothing is made yet.

    Args:
        folder: The folder.
        option: The option that names it.

    Raises:
        UserError: The folder, or the nearest one above that exists, takes no files.
    """
    folder = Path(folder).absolute()
    above = next(part for part in (folder, *folder.parents) if os.path.exists(part))  # noqa: PTH110 - never raises
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        raise UserError(f'{option}: nothing can be written to {folder} ({above} does not take it); choose another')
