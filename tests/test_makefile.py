"""What make says when a check fails."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.fast


@pytest.mark.skipif(shutil.which('make') is None, reason='no make')
@pytest.mark.parametrize(
    ('failing', 'advice'),
    [
        ('ruff format', 'error: not formatted, run: make format'),
        ('codespell_lib', 'error: misspelt, correct it; or put a word that is right into ignore-words-list'),
    ],
)
def test_a_failed_check_says_what_to_do(tmp_path, failing, advice):
    python = tmp_path / 'python'
    python.write_text(f'#!/bin/sh\ncase "$*" in *"{failing}"*) exit 65;; esac\n')
    python.chmod(0o755)
    command = ['make', '-C', str(ROOT), '-o', 'install', 'lint', f'RUN={python}']
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert advice in done.stderr
