"""The folder of folds beside a data set's json: who is in which fold, and the files that training reads."""

import hashlib
import json
import os
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from custom_modules.utils import UserError, atomic_write, resolve_data_root

from .fold_table import FoldTable
from .split import select_images

FOLDER = 'folds'
VERSION = 1


@dataclass(frozen=True)
class Folds:
    """What ``folds/folds.json`` of a data root says.

    Attributes:
        root: The data root.
        source: The json that was divided, relative to the data root where it lies below it.
        num_folds: How many folds there are, numbered from 0.
        settings: The options they were made with.
        assignment_id: Digest of which picture is in which fold.
        warnings: Lines for the user, by fold.
        fold_of: The fold of each image id.
    """

    root: Path
    source: str
    num_folds: int
    settings: dict[str, Any]
    assignment_id: str
    warnings: dict[int, list[str]]
    fold_of: dict[int, int]

    def files(self, fold: int) -> tuple[str, str]:
        """Return the training and the validation json of a fold, relative to the data root.

        Raises:
            UserError: There is no such fold.
        """
        if not 0 <= fold < self.num_folds:
            raise UserError(f'--fold {fold}: {self.root / FOLDER} has the folds 0 to {self.num_folds - 1}')
        return f'{FOLDER}/train_{fold}.json', f'{FOLDER}/val_{fold}.json'

    def image_ids(self, fold: int) -> set[int]:
        """Return the ids of the pictures that validate a fold."""
        return {image_id for image_id, number in self.fold_of.items() if number == fold}


def read_folds(data_root: str | Path) -> Folds:
    """Read the folds of a data set.

    Args:
        data_root: The data folder.

    Returns:
        What its ``folds/folds.json`` says.

    Raises:
        UserError: There are none, or the file is damaged.
    """
    root = resolve_data_root(data_root)
    path, command = root / FOLDER / 'folds.json', f'python tools/kfold.py --data-root {shlex.quote(str(root))}'
    if not path.is_file():
        raise UserError(f'{root} has no folds; make them: {command}')
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
        if content['version'] != VERSION:
            raise ValueError(f'version {content["version"]}, not {VERSION}')
        return Folds(
            root=root,
            source=content['source'],
            num_folds=int(content['num_folds']),
            settings=content['settings'],
            assignment_id=content['assignment_id'],
            warnings={int(fold): list(lines) for fold, lines in content['warnings'].items()},
            fold_of={image['id']: image['fold'] for image in content['images']},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f'{type(error).__name__}: {error}'
        raise UserError(f'{path}: damaged ({reason}); make the folds anew: {command} --force') from None


def check_free(root: Path, *, replace: bool) -> None:
    """Refuse a data root that has folds already.

    Args:
        root: The data root.
        replace: They are meant to be replaced.

    Raises:
        UserError: There are some.
    """
    if (root / FOLDER).exists() and not replace:
        raise UserError(
            f'{root / FOLDER} exists, and models trained on these folds are only scored fairly with them; '
            f'--force makes new ones in their place'
        )


def write_folds(
    root: Path,
    source: Path,
    content: dict,
    *,
    folds: np.ndarray,
    groups: np.ndarray,
    table: FoldTable,
    settings: dict[str, Any],
    replace: bool = False,
) -> Path:
    """Write ``folds/`` of a data root, all of it or nothing.

    Args:
        root: The data root.
        source: The json that is divided.
        content: Its content, the records as they are in the file.
        folds: (N,) int, the fold of each image.
        groups: (N,) int, the group of each image.
        table: What each fold holds.
        settings: The options, for the record.
        replace: Put it in the place of folds that are there.

    Returns:
        The folder.

    Raises:
        UserError: There are folds already, or the folder cannot be written.
    """
    check_free(root, replace=replace)
    folder, temporary = root / FOLDER, root / f'.{FOLDER}.{os.getpid()}.tmp'
    old = temporary.with_suffix('.old')
    try:
        shutil.rmtree(temporary, ignore_errors=True)  # of a process killed long ago
        temporary.mkdir()
        for name, part in _files(root, source, content, folds, groups, table, settings).items():
            with atomic_write(temporary / name) as file:
                file.write(json.dumps(part))
        if folder.exists():
            folder.rename(old)
        temporary.rename(folder)
    except OSError as error:
        raise UserError(f'{folder}: cannot be written ({error.strerror}); nothing was changed') from None
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)
        for leftover in (temporary, old):
            shutil.rmtree(leftover, ignore_errors=True)
    return folder


def _files(
    root: Path,
    source: Path,
    content: dict,
    folds: np.ndarray,
    groups: np.ndarray,
    table: FoldTable,
    settings: dict[str, Any],
) -> dict[str, dict]:
    """Make the content of each file, ``folds.json`` last."""
    ids = np.array([image['id'] for image in content['images']])
    files = {}
    for fold in range(table.num_folds):
        files[f'train_{fold}.json'] = select_images(content, set(ids[folds != fold].tolist()))
        files[f'val_{fold}.json'] = select_images(content, set(ids[folds == fold].tolist()))
    images = [
        {'id': image['id'], 'file_name': image['file_name'], 'fold': int(fold), 'group': int(group)}
        for image, fold, group in zip(content['images'], folds, groups, strict=True)
    ]
    source, root = source.resolve(), root.resolve()
    files['folds.json'] = {
        'version': VERSION,
        'source': str(source.relative_to(root) if source.is_relative_to(root) else source),
        'num_folds': table.num_folds,
        'settings': settings,
        'assignment_id': _assignment_id(images),
        'warnings': table.warnings(),
        'table': table.as_dict(),
        'images': images,
    }
    return files


def _assignment_id(images: list[dict]) -> str:
    pairs = sorted((image['file_name'], image['fold']) for image in images)
    return hashlib.sha256(json.dumps(pairs).encode()).hexdigest()[:16]
