"""Training on one fold of a data set, and not mistaking it for another."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..datasets.folds import read_folds
from ..utils import UserError, find_file


@dataclass(frozen=True)
class FoldFiles:
    """What a training on one fold reads.

    Attributes:
        number: The fold, from 0.
        num_folds: How many there are.
        assignment_id: Digest of which picture is in which fold.
        train_ann: Training json, relative to the data root.
        val_ann: Validation json, relative to the data root.
        notes: Lines for the user: the fold, and what it lacks.
    """

    number: int
    num_folds: int
    assignment_id: str
    train_ann: str
    val_ann: str
    notes: tuple[str, ...]

    def facts(self) -> dict[str, Any]:
        """Return what ``run.json`` says of it."""
        return {name: value for name, value in asdict(self).items() if name != 'notes'}


def fold_files(data_root: str | Path, fold: int, train_ann: str | None = None) -> FoldFiles:
    """Look a fold up.

    Args:
        data_root: The data folder.
        fold: Its number, from 0.
        train_ann: What ``--train-ann`` says.

    Raises:
        UserError: There are no folds or not this one, or a training json is named beside it.
    """
    if train_ann:
        raise UserError(f'--fold {fold} --train-ann {train_ann}: a fold brings its own training json; leave one out')
    folds = read_folds(data_root)
    files = folds.files(fold)
    notes = (f'fold {fold} of {folds.num_folds}, {folds.root / "folds"}', *folds.warnings.get(fold, []))
    return FoldFiles(fold, folds.num_folds, folds.assignment_id, *files, notes)


def fold_of_run(folder: Path) -> dict[str, Any] | None:
    """Return what the ``run.json`` of a run's folder says about its fold; None where it trained on none."""
    return _notes_of_run(folder).get('fold')


def _notes_of_run(folder: Path) -> dict[str, Any]:
    try:
        notes = json.loads((folder / 'run.json').read_text(encoding='utf-8'))
    except (OSError, ValueError):  # no such file, or edited by hand
        return {}
    return notes if isinstance(notes, dict) else {}


def check_same_fold(folder: Path, files: FoldFiles | None) -> None:
    """Refuse to go on with a run on other pictures than it has trained on.

    Args:
        folder: Folder of the run that is resumed.
        files: The fold to train on now; None for none.

    Raises:
        UserError: The run was on another fold, or the folds were made anew since.
    """
    notes, now = _notes_of_run(folder), files.facts() if files else None
    before = notes.get('fold')
    if 'fold' not in notes or before == now:
        return
    if before is None:
        raise UserError(
            f'{folder}: was not trained on a fold, it may have seen the pictures that validate fold {files.number}; '
            f'resume without --fold, or train the fold in another folder'
        )
    if now is None or before['number'] != now['number']:
        raise UserError(f'{folder}: was trained on fold {before["number"]}; resume with --fold {before["number"]}')
    raise UserError(
        f'{folder}: was trained on folds that were made anew since; start again in another folder by --work-dir, or '
        f'bring the old folds back'
    )


def seen_by_start(load_from: str | Path | None, files: FoldFiles) -> list[str]:
    """Say when the start weights come from a run that has trained on the pictures this fold is validated on.

    Args:
        load_from: What the run starts from; None for published weights or none.
        files: The fold to train on.

    Returns:
        One line, or none.
    """
    before = fold_of_run(find_file(load_from).parent) if load_from else None
    if before is None or (before['assignment_id'], before['number']) == (files.assignment_id, files.number):
        return []
    return [
        f'{load_from} was trained on fold {before["number"]}: it may have seen the pictures that validate fold '
        f'{files.number}, whose score will then be too good'
    ]


def validation_json(checkpoint: str | Path) -> str:
    """Return the json that a checkpoint is validated on: that of its fold, or val.json.

    Args:
        checkpoint: A checkpoint in its run's folder.
    """
    fold = fold_of_run(find_file(checkpoint).parent)
    return fold['val_ann'] if fold else 'val.json'
