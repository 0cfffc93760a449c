"""Guesses at what a mistyped name was meant to be."""

import difflib
from collections.abc import Iterable
from pathlib import Path

from .files import REPOSITORY


def did_you_mean(guesses: Iterable[object]) -> str:
    """Put guesses into words that end a message.

    Args:
        guesses: Names or paths; none is fine.

    Returns:
        ``'; did you mean a or b?'``, empty without guesses.
    """
    words = ' or '.join(map(str, guesses))
    return f'; did you mean {words}?' if words else ''


def similar_names(name: str, known: Iterable[str], *, most: int = 2, cutoff: float = 0.6) -> list[str]:
    """Find the known names nearest to a mistyped one.

    Args:
        name: What was written.
        known: What could have been meant.
        most: How many to give at most.
        cutoff: How alike they must be, from 0 to 1 (the same).

    Returns:
        The nearest names, best first.
    """
    return difflib.get_close_matches(name, sorted(known), n=most, cutoff=cutoff)


def similar_paths(path: str | Path, *, folders: bool = False) -> list[Path]:
    """Find what exists and is called nearly like a path that does not.

    Each part of the path that is not there is replaced by its nearest
    neighbours.  A relative path is looked up where the tools look: in the
    working folder, then in the repository.

    Args:
        path: The mistyped path.
        folders: Whether a folder is meant, otherwise a file.

    Returns:
        At most three paths, relative if ``path`` is.
    """
    path = Path(path)
    parts = path.parts[1:] if path.is_absolute() else path.parts
    for start in [Path(path.anchor)] if path.is_absolute() else [Path(), REPOSITORY]:
        found = [near for near in _nearest(start, parts) if near.is_dir() is folders]
        if found:
            return [near.relative_to(REPOSITORY) if start == REPOSITORY else near for near in found[:3]]
    return []


def _nearest(folder: Path, parts: tuple[str, ...]) -> list[Path]:
    if not parts:
        return [folder]
    try:
        if (folder / parts[0]).exists():
            return _nearest(folder / parts[0], parts[1:])
        names = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
    except OSError:  # no right to look, or a name no file can have
        return []
    alike = [name for name in similar_names(parts[0], names, most=3, cutoff=0.7) if _stems_alike(parts[0], name)]
    return [near for name in alike for near in _nearest(folder / name, parts[1:])]


def _stems_alike(name: str, other: str) -> bool:
    """Whether names are alike without their suffixes, too: a suffix is most of a short name."""
    return difflib.SequenceMatcher(None, Path(name).stem, Path(other).stem).ratio() >= 0.6
