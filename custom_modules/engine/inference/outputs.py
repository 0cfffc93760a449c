"""Names that predictions can be written to, and what lies beside them."""

import os
from pathlib import Path

from ...utils import UserError


def check_output(path: str | Path) -> None:
    """Refuse a name that predictions cannot be written to, before the work is done.

    Raises:
        UserError: It is not a json, a folder, or where nothing can be written.
    """
    path = Path(path)
    if path.suffix != '.json':
        raise UserError(f'--out {path}: predictions are written as COCO json; give a name that ends in .json')
    check_folder(path.absolute().parent, '--out')
    if path.is_dir():
        raise UserError(f'--out {path}: is a folder; give a name that does not exist yet')


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


def run_file(out: str | Path) -> Path:
    """Return the file that says what made predictions: ``val.run.json`` beside ``val.json``."""
    return Path(out).with_suffix('.run.json')


def unreadable_file(out: str | Path) -> Path:
    """Return the file that lists pictures that could not be read: ``val.unreadable.json`` beside ``val.json``."""
    return Path(out).with_suffix('.unreadable.json')


def parts_folder(out: str | Path) -> Path:
    """Return the folder of journals of predictions that are not complete: ``.val.json.parts`` beside ``val.json``."""
    out = Path(out)
    return out.with_name(f'.{out.name}.parts')
