"""The folder of a run: chosen, guarded against a second job, and described."""

import fcntl
import json
import re
import sys
import time
from pathlib import Path
from typing import IO

from ..utils import UserError, atomic_write, did_you_mean, find_file, similar_paths
from ..utils.files import REPOSITORY

_locks: list[IO] = []  # open files; a lock goes with the process at the latest

# A run is worth guarding from its first checkpoint on; what it writes before may be started over.
_RESULTS = ('last.pth', 'best.pth', 'predictions')
_BEFORE_RESULTS = {'.lock', 'run.json', 'config.py', 'scalars.csv', 'curves.png', 'state.json', 'val'}
_BEFORE_RESULTS |= {'tracking.json', 'tensorboard', 'wandb', 'mlflow'}
_TIMESTAMP = re.compile(r'\d{8}_\d{6}')  # folder of a start's log
_CUT_OFF = re.compile(r'\..*\.tmp')  # of atomic_write


def run_folder(config: str | Path, work_dir: str | Path | None = None, fold: int | None = None) -> Path:
    """Return the folder of a config's run: ``work_dir`` or ``work_dirs/<config name>[_fold<K>]``."""
    name = Path(config).stem + ('' if fold is None else f'_fold{fold}')
    return Path(work_dir) if work_dir else REPOSITORY / 'work_dirs' / name


def checkpoint_to_resume(folder: Path, resume: str | bool | None) -> Path | None:
    """Find the checkpoint to go on from, and refuse a folder that is in use.

    Args:
        folder: The run's folder.
        resume: A checkpoint, True for the folder's newest, None for a new run.

    Returns:
        The checkpoint; None to start from the beginning, as ``resume=True``
        also does in a folder without results.

    Raises:
        UserError: A new run would mix with an old one, or there is nothing to resume.
    """
    newest = folder / 'last.pth'
    checkpoint = newest if resume is True else find_file(resume) if resume else None
    if checkpoint and checkpoint.is_file():
        if checkpoint.resolve().parent != folder.resolve():
            _check_free(folder, 'go on with that one by --resume alone')
        return checkpoint
    if checkpoint and (checkpoint != newest or _results(folder)):
        hint = did_you_mean(similar_paths(checkpoint / 'last.pth' if checkpoint.is_dir() else checkpoint))
        raise UserError(f'{checkpoint}: nothing to resume; leave --resume out to start, or name a checkpoint{hint}')
    _check_free(folder, 'go on with it by --resume')
    return None


def missing_run(folder: Path) -> str | None:
    """Say that there is no folder to resume from, and which runs are called nearly like it.

    Args:
        folder: The run's folder as the user named it.

    Returns:
        One line; None if the folder is there.
    """
    if folder.exists():
        return None
    runs = [path for path in similar_paths(folder, folders=True) if (path / 'run.json').is_file()]
    return f'--resume: there is no run folder {folder}, this is a new run from the beginning{did_you_mean(runs)}'


def _check_free(folder: Path, remedy: str) -> None:
    """Refuse a folder that holds a run's results or files that no run writes."""
    if results := _results(folder):
        raise UserError(
            f'{folder} holds an earlier run ({results[0]}); {remedy}, or choose another folder by --work-dir'
        )
    entries = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
    known = (name in _BEFORE_RESULTS or _TIMESTAMP.fullmatch(name) or _CUT_OFF.fullmatch(name) for name in entries)
    foreign = [name for name, ours in zip(entries, known, strict=True) if not ours]
    if foreign:
        raise UserError(f'{folder} holds files of something else ({foreign[0]}); choose another folder by --work-dir')


def _results(folder: Path) -> list[str]:
    return [name for name in _RESULTS if (folder / name).exists()]


def claim_folder(folder: Path, arguments: dict) -> bool:
    """Make the folder, lock it for this process and note how it was called.

    Args:
        folder: The run's folder.
        arguments: What ``run.json`` is to say beside the command line and the
            time; what it said of earlier calls is kept under ``earlier``.

    Returns:
        Whether the folder is new.

    Raises:
        UserError: Another process trains into it, or it cannot be made.
    """
    is_new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = open(folder / '.lock', 'w')  # noqa: SIM115 - stays open as long as the process lives
    except OSError as error:
        raise UserError(f'{folder}: cannot be written ({error.strerror}); choose another --work-dir') from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise UserError(f'{folder}: another job trains here; wait for it or choose another --work-dir') from None
    _locks.append(lock)
    call = {'command': sys.argv, 'started': time.strftime('%Y-%m-%d %H:%M:%S'), **arguments}
    call['earlier'] = _earlier_calls(folder / 'run.json')
    with atomic_write(folder / 'run.json') as file:
        json.dump(call, file, indent=2, default=str)
    return is_new


def release_folders() -> None:
    """Give the folders of this process back, so that it can go on with one of them itself."""
    while _locks:
        lock = _locks.pop()
        fcntl.flock(lock, fcntl.LOCK_UN)  # loader workers that live on have it open, too
        lock.close()


def note_finished(folder: Path) -> None:
    """Write into ``run.json`` that the training came to its end; the next call that trains on takes it away."""
    call = json.loads((folder / 'run.json').read_text(encoding='utf-8'))
    call['finished'] = time.strftime('%Y-%m-%d %H:%M:%S')
    with atomic_write(folder / 'run.json') as file:
        json.dump(call, file, indent=2)


def is_finished(folder: Path) -> bool:
    """Tell whether the training of a run's folder came to its end."""
    try:
        return 'finished' in json.loads((folder / 'run.json').read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return False


def _earlier_calls(path: Path) -> list[dict]:
    if not path.is_file():
        return []
    try:
        last = json.loads(path.read_text(encoding='utf-8'))
    except ValueError:  # edited by hand
        return []
    return [*last.pop('earlier', []), last]
