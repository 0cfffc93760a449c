"""An old Python is turned away in one line, whichever tool it starts."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.fast

TOOLS = Path(__file__).resolve().parents[2] / 'tools'
STARTED = sorted(path.name for path in TOOLS.glob('*.py') if "__name__ == '__main__'" in path.read_text())
PRETEND = """
import runpy, sys
sys.version, sys.version_info, sys.argv = '3.8.18 (default)', (3, 8, 18, 'final', 0), [sys.argv[1]]
runpy.run_path(sys.argv[0], run_name='__main__')
"""


@pytest.fixture(scope='module')
def clone(tmp_path_factory) -> Path:
    """The tools in a folder without ``.venv``."""
    return shutil.copytree(TOOLS, tmp_path_factory.mktemp('clone') / 'tools')


@pytest.mark.parametrize('name', sorted(path.name for path in TOOLS.glob('*.py')))
def test_an_old_python_can_read_the_file(name):
    ast.parse((TOOLS / name).read_text(), feature_version=(3, 8))


@pytest.mark.parametrize('name', STARTED)
def test_an_old_python_is_told_in_one_line(clone, name):
    ran = subprocess.run([sys.executable, '-S', '-c', PRETEND, clone / name], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (1, '')
    assert ran.stderr.startswith(f'error: this is Python 3.8.18 ({sys.executable}), 3.11, 3.12 or 3.13 is needed: ')
    assert ran.stderr.endswith(f'run `make -C {clone.parent} install`, which looks for one\n')


def test_an_old_python_hands_over_to_the_environment(clone):
    python = clone.parent / '.venv' / 'bin' / 'python'
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "started: $*"\n')
    python.chmod(0o755)
    try:
        ran = subprocess.run([sys.executable, '-c', PRETEND, clone / 'doctor.py'], capture_output=True, text=True)
    finally:
        shutil.rmtree(clone.parent / '.venv')
    assert (ran.returncode, ran.stdout) == (0, f'started: {clone / "doctor.py"}\n')
