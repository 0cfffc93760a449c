"""The folder of a run: chosen, guarded against a second job, and described."""

import fcntl
import json
import sys
import time
from pathlib import Path
from typing import IO

from ..utils import UserError, atomic_write
from ..utils.files import REPOSITORY

_locks: list[IO] = []  # open files; the lock goes with the process


def run_folder(config: str | Path, work_dir: str | Path | None = None) -> Path:
    """Return the folder of a config's run: ``work_dir`` or ``work_dirs/<config name>``."""
    return Path(work_dir) if work_dir else REPOSITORY / 'work_dirs' / Path(config).stem


def checkpoint_to_resume(folder: Path, resume: str | bool | None) -> Path | None:
    """Find the checkpoint to go on from, and refuse a folder that is in use.

    Args:
        folder: The run's folder.
        resume: A checkpoint, True for the folder's newest, None for a new run.

    Raises:
        UserError: A new run would mix with an old one, or there is nothing to resume.
    """
    if not resume:
        if folder.is_dir() and any(entry.name != '.lock' for entry in folder.iterdir()):
            raise UserError(
                f'{folder} holds an earlier run; go on with it by --resume, or choose another folder by --work-dir'
            )
        return None
    checkpoint = folder / 'last.pth' if resume is True else Path(resume)
    if not checkpoint.is_file():
        raise UserError(f'{checkpoint}: nothing to resume; leave --resume out to start, or name a checkpoint')
    return checkpoint


def claim_folder(folder: Path, arguments: dict) -> None:
    """Make the folder, lock it for this process and note how it was called.

    Args:
        folder: The run's folder.
        arguments: What ``run.json`` is to say beside the command line and the time.

    Raises:
        UserError: Another process trains into it, or it cannot be made.
    """
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
    with atomic_write(folder / 'run.json') as file:
        started = time.strftime('%Y-%m-%d %H:%M:%S')
        json.dump({'command': sys.argv, 'started': started, **arguments}, file, indent=2, default=str)
