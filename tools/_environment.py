"""What ``.venv`` is made from and whether it still fits: the choice of torch, the stamp, the requirements file."""

import hashlib
import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from tools import ROOT, VENV
from tools._install_errors import InstallError

TORCH_MINORS = range(6, 14)  # the torch releases 2.x that the requirements were resolved with
TORCH_CONSTRAINTS = '-c requirements/torch-constraints.txt'


@dataclass(frozen=True)
class Choice:
    """Which torch to install.

    Attributes:
        torch: A version other than the pinned one, or ''.
        system_torch: Use the torch of the Python that makes ``.venv``.
    """

    torch: str = ''
    system_torch: bool = False


def choose(environ: Mapping[str, str], state: Mapping, pinned: str) -> Choice:
    """Read the choice of torch; what is not said now stays as ``.venv`` was made.

    Args:
        environ: Holds ``TORCH`` and ``SYSTEM_TORCH``, if given.
        state: The content of ``.venv/install.json``, empty without one.
        pinned: The version in requirements.txt.

    Raises:
        InstallError: A value is unknown, out of range, or both are given.
    """
    torch, system = environ.get('TORCH', ''), environ.get('SYSTEM_TORCH', '')
    if system not in ('', '0', '1'):
        raise InstallError(f'SYSTEM_TORCH={system}: give 1 (the torch this machine has) or 0')
    if torch and system == '1':
        raise InstallError('TORCH and SYSTEM_TORCH=1 exclude each other: give one')
    if torch:
        check_torch(torch)
        return Choice(torch='' if torch == pinned else torch)
    if system:
        return Choice(system_torch=system == '1')
    return Choice(**state.get('choice', {}))


def check_torch(version: str) -> None:
    """Raise InstallError unless ``version`` is a release that the stack works with."""
    match = re.fullmatch(r'2\.(\d+)\.\d+(\+[a-z0-9.]+)?', version)
    if not match or int(match[1]) not in TORCH_MINORS:
        low, high = TORCH_MINORS[0], TORCH_MINORS[-1]
        raise InstallError(f'TORCH={version}: give a release from 2.{low}.0 to 2.{high}.0, as in TORCH=2.10.0')


def check_system_torch(version: str) -> None:
    """Raise InstallError if the machine's torch is older than the stack works with; newer ones are let through."""
    match = re.match(r'2\.(\d+)\.', version)
    if not match or int(match[1]) < TORCH_MINORS[0]:
        raise InstallError(
            f'SYSTEM_TORCH=1: this machine has torch {version}, 2.{TORCH_MINORS[0]} is needed; try without'
        )


def make_stamp(choice: Choice, system_torch: str, root: Path = ROOT) -> str:
    """Hash all that ``.venv`` depends on: requirement files, installer, choice, machine's torch, Python and folder."""
    requirements = root / 'requirements'
    files = [root / 'requirements.txt', root / 'tools' / 'install.py']
    files += sorted(requirements.glob('*.txt')) + sorted(requirements.glob('wheels/*.whl'))
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode() + b'\0' + path.read_bytes() + b'\0')
    python = [*sys.version_info[:2], sys.prefix, os.uname().machine]
    digest.update(json.dumps([asdict(choice), system_torch, python, str(root)]).encode())
    return digest.hexdigest()


def read_state(venv: Path = VENV) -> dict:
    """Return what the last installation wrote, or {} where there is nothing readable."""
    try:
        state = json.loads((venv / 'install.json').read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def write_state(state: Mapping, venv: Path = VENV) -> None:
    """Write ``install.json`` by way of a temporary file."""
    temporary = venv / 'install.json.tmp'
    temporary.write_text(json.dumps(state, indent=2) + '\n', encoding='utf-8')
    temporary.replace(venv / 'install.json')


def is_current(state: Mapping, stamp: str, venv: Path = VENV) -> bool:
    """Whether ``.venv`` was finished with exactly this stamp and still has its Python."""
    return state.get('stamp') == stamp and (venv / 'bin' / 'python').exists()


def requirement_lines(text: str, torch: str, root: Path = ROOT) -> list[str]:
    """Return the lines of requirements.txt for another torch, paths made absolute so that they can lie elsewhere.

    Args:
        text: The content of requirements.txt.
        torch: The version that replaces the pinned one, whose own constraints are left out then; '' keeps it.
        root: The folder of requirements.txt.
    """
    lines = text.splitlines()
    if torch:
        lines = [f'torch=={torch}' if line.startswith('torch==') else line for line in lines]
        lines.remove(TORCH_CONSTRAINTS)
    return [re.sub(r'^(-c|--find-links) (?=requirements/)', rf'\1 {root}/', line) for line in lines]


def torchvision_for(torch: str) -> str:
    """Return the requirement of the torchvision that belongs to a torch: 0.21 to 2.6, and so on one by one."""
    return f'torchvision==0.{int(torch.split(".")[1]) + 15}.*'
