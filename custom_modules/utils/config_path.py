"""Finding a config file, or saying which could be meant."""

from pathlib import Path

from .errors import UserError
from .files import REPOSITORY, find_file
from .similar import did_you_mean, similar_names, similar_paths


def find_config(path: str | Path) -> Path:
    """Find a config.

    Args:
        path: The config file; relative to the working folder, or else to the repository.

    Returns:
        The file.

    Raises:
        UserError: There is none; the message gives similar names.
    """
    path = find_file(path)
    if not path.is_file():
        raise UserError(f'{path}: no such config{did_you_mean(_similar_configs(path))}')
    return path


def _similar_configs(path: Path) -> list[Path]:
    """Guess which config is meant: one of this name in the zoo, a neighbour, or the nearest name in the zoo."""
    zoo = [file.relative_to(REPOSITORY) for file in sorted((REPOSITORY / 'configs').rglob('*.py'))]
    zoo = [file for file in zoo if '_base_' not in file.parts]
    named = [file for file in zoo if file.stem == path.stem]
    near = similar_names(path.stem, {file.stem for file in zoo}, cutoff=0.75)
    return named or similar_paths(path) or [file for name in near for file in zoo if file.stem == name]
