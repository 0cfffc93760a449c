"""Command lines over custom_modules, one file per verb; importing any part of it turns old Pythons away first."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / '.venv'


def restart_in_venv() -> None:
    """Start the running tool again with ``.venv``, unless there is none or it is what runs."""
    python = VENV / 'bin' / 'python'
    if python.is_file() and Path(sys.prefix) != VENV:
        os.execv(str(python), [str(python), *sys.argv])


# What the tools do after their first import from here may mean nothing to an old Python.
if sys.version_info < (3, 11):  # noqa: UP036
    restart_in_venv()
    sys.exit(
        f'error: this is Python {sys.version.split()[0]} ({sys.executable}), 3.11, 3.12 or 3.13 is needed: '
        f'run `make -C {ROOT} install`, which looks for one'
    )
