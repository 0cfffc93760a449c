"""Keeping the pictures of a json file inside the data folder.

The json may come from anyone: no name in it may make us read another file.
"""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from .findings import BAD_PATH, Findings, shown

_DRIVE = re.compile(r'[A-Za-z]:')


def check_file_names(images: Iterable[dict], findings: Findings) -> list[dict]:
    """Check the file names by their text alone; no file is touched.

    Args:
        images: Image records with ``id`` and ``file_name`` (empty: skipped, an error already).
        findings: Where errors are noted.

    Returns:
        The records whose name is safe to join to the data folder.
    """
    safe = []
    for image in images:
        name = image['file_name']
        if not name:
            continue
        if is_inside(name):
            safe.append(image)
        else:
            findings.add(BAD_PATH, f'image {image["id"]}: {shown(name)}')
    return safe


def is_inside(name: str) -> bool:
    """Tell whether a name, joined to a folder, stays below it by its text, on any system.

    Args:
        name: A file name from a json file.

    Returns:
        False for absolute names, drives, ``..``, control characters and text
        that no file system takes.
    """
    if not name.isprintable() or name.startswith(('/', '\\')) or _DRIVE.match(name):
        return False
    return '..' not in re.split(r'[/\\]', name)


class LinkGuard:
    """Tells whether files really lie below a folder once links are followed.

    The folder itself may be a link.  Folders are resolved once each.

    Args:
        root: The data folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = os.path.realpath(root)
        self._folders: dict[Path, bool] = {}

    def leads_out(self, path: Path) -> bool:
        """Tell whether ``path``, a file below the folder by its text, leads out of it through a link."""
        folder = path.parent
        if folder not in self._folders:
            self._folders[folder] = self._contains(folder)
        return not self._folders[folder] or (_is_link(path) and not self._contains(path))

    def _contains(self, path: Path) -> bool:
        real = os.path.realpath(path)
        return real == self._root or real.startswith(self._root.rstrip(os.sep) + os.sep)


def _is_link(path: Path) -> bool:
    try:
        return path.is_symlink()
    except OSError:  # a name no file can have
        return False
