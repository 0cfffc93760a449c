"""Make ``.venv`` from requirements.txt, or find at once that it is up to date; needs nothing but Python.

Run by tools/install.sh, which finds the Python: ``make install``, or ``make`` with any target that needs the
environment. What can be chosen, by environment variables or after ``make``:

- ``TORCH=2.x.y``: another torch (2.6 to 2.13), say for an older driver. Kept by later runs until chosen anew.
- ``SYSTEM_TORCH=1``: build on the torch that this Python has, as images for GPUs ship one (0 ends it).

Where packages come from is left to pip's own settings.
"""

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._environment import (
    ROOT,
    VENV,
    Choice,
    check_system_torch,
    choose,
    is_current,
    make_stamp,
    read_state,
    requirement_lines,
    torchvision_for,
    write_state,
)
from tools._install_errors import InstallError, explain_import, explain_pip
from tools._requirements import REQUIREMENTS, read_pins

PYTHON = VENV / 'bin' / 'python'
LOG = VENV / 'install.log'
OLD = ROOT / '.venv-removed'
SOURCE_ONLY = ('onedl-mmcv', 'onedl-mmdetection', 'onedl-mmsegmentation')
NEEDED_GB = 4  # the CPU environment takes 2 GB, its downloads on the way 1 GB; the CUDA one takes more

CHECK = """
import importlib, json, sys
from importlib import metadata
for name in ('torch', 'numpy', 'cv2', 'numba', 'scipy.linalg', 'pandas', 'PIL.Image', 'matplotlib.pyplot', 'shapely',
             'skimage', 'pycocotools.mask', 'faster_coco_eval', 'ensemble_boxes', 'mmengine', 'mmcv', 'mmdet', 'mmseg'):
    try:
        importlib.import_module(name)
    except Exception as error:
        sys.exit(f'{name}: {type(error).__name__}: {error}')
import numpy, torch
try:
    torch.from_numpy(numpy.zeros(1))
except RuntimeError as error:
    sys.exit(f'torch: {error} (built for another numpy)')
print(json.dumps({'version': sys.version.split()[0], 'torch': metadata.version('torch'), 'cuda': torch.version.cuda}))
"""
CHECK_TORCHVISION = """
import torch, torchvision
boxes = torch.tensor([[0., 0., 2., 2.], [0., 0., 2., 2.]], device='cuda' if torch.cuda.is_available() else 'cpu')
assert torchvision.ops.nms(boxes, torch.ones(2, device=boxes.device), 0.5).numel() == 1
"""


def install() -> None:
    """Use ``.venv`` as it is if it is up to date, else build it.

    Raises:
        InstallError: It cannot be built; the message is one line with the remedy.
    """
    state = read_state()
    if VENV.exists() and not state:
        raise InstallError(f'{VENV} was not made by `make`: rename or delete it, then run again')
    choice = choose(os.environ, state, read_pins()['torch'])
    system_torch = find_system_torch() if choice.system_torch else ''
    stamp = make_stamp(choice, system_torch)
    if is_current(state, stamp):
        say(f'.venv is up to date: Python {state["version"]}, torch {state["torch"]}')
        return
    torch = f"this machine's torch {system_torch}" if system_torch else f'torch {choice.torch or read_pins()["torch"]}'
    say(f'making .venv{" anew" if state else ""}: Python {sys.version.split()[0]}, {torch}; takes a minute or more')
    build(choice, system_torch, stamp)


def build(choice: Choice, system_torch: str, stamp: str) -> None:
    """Make ``.venv`` anew; it counts as good only when the last line but one has run."""
    start = time.monotonic()
    state = {'stamp': None, 'choice': asdict(choice), 'python': sys.executable}
    remove_old()
    create(state, system_site_packages=choice.system_torch)
    install_sources()
    lines = requirement_lines(REQUIREMENTS.read_text(encoding='utf-8'), system_torch or choice.torch)
    requirements = VENV / 'requirements.txt'
    requirements.write_text('\n'.join(lines) + '\n', encoding='utf-8')
    pip('install', '--no-compile', '-r', requirements)
    # pip would compile to bytecode on one core: 16 s more on two.
    run(PYTHON, '-m', 'compileall', '-q', '-j', '0', VENV / 'lib')
    facts = check()
    if facts['cuda']:
        add_torchvision(facts['torch'], requirements)
    seconds = round(time.monotonic() - start, 1)
    write_state({**state, 'stamp': stamp, 'seconds': seconds, **facts})
    say(f'.venv is ready after {seconds:.0f} s: Python {facts["version"]}, torch {facts["torch"]}')


def find_system_torch() -> str:
    """Return the version of this Python's own torch.

    Raises:
        InstallError: There is none, or it is too old.
    """
    try:
        version = metadata.version('torch')
    except metadata.PackageNotFoundError:
        message = f'SYSTEM_TORCH=1: {sys.executable} has no torch; name the Python that has: PYTHON=/path/to/python'
        raise InstallError(message) from None
    check_system_torch(version)
    return version


def remove_old() -> None:
    """Remove ``.venv``; renamed first, so that half of one never bears the name."""
    free_gb = shutil.disk_usage(ROOT).free / 1e9
    if not VENV.exists() and free_gb < NEEDED_GB:
        raise InstallError(f'{free_gb:.1f} GB free in {ROOT}, {NEEDED_GB} GB are needed: make room there')
    shutil.rmtree(OLD, ignore_errors=True)
    if VENV.exists():
        VENV.rename(OLD)
        shutil.rmtree(OLD, ignore_errors=True)


def create(state: dict, *, system_site_packages: bool) -> None:
    """Make an empty environment with pip, marked as unfinished before anything else."""
    VENV.mkdir()
    write_state(state)
    options = ['--system-site-packages'] if system_site_packages else []
    made = run(sys.executable, '-m', 'venv', *options, VENV)
    if made.returncode:
        said = (made.stdout + made.stderr).strip().splitlines() or ['no message']
        raise InstallError(f'{sys.executable} -m venv failed: {said[-1]}')
    if system_site_packages and sys.prefix != sys.base_prefix:
        # An environment made from another sees the first Python's packages only, not those of the one between.
        version = f'python{sys.version_info[0]}.{sys.version_info[1]}'
        between = str(metadata.distribution('torch').locate_file(''))
        (VENV / 'lib' / version / 'site-packages' / 'between.pth').write_text(between + '\n', encoding='utf-8')


def install_sources() -> None:
    """Install the packages that come as pure source, mmcv without compiled operators whatever the machine holds.

    pip's cache may hold an mmcv with compiled operators, and mmcv's set-up compiles them wherever it can import
    torch: neither is there to be found.
    """
    constraints = sorted((ROOT / 'requirements').glob('*constraints.txt'))
    lines = [line for path in constraints for line in path.read_text(encoding='utf-8').splitlines()]
    builders = [line for line in lines if re.match('(setuptools|packaging)==', line)]
    pip('install', '--ignore-installed', *builders)
    pins = read_pins()
    options = ['--no-cache-dir', '--no-deps', '--no-build-isolation', '--ignore-installed', '--no-compile']
    with tempfile.TemporaryDirectory() as hidden:
        (Path(hidden) / 'torch.py').write_text('raise ModuleNotFoundError("hidden from this build")\n')
        pip('install', *options, *(f'{name}=={pins[name]}' for name in SOURCE_ONLY), PYTHONPATH=hidden)


def check() -> dict[str, str | None]:
    """Import everything with compiled parts in the new environment.

    Returns:
        ``version`` of Python, ``torch``, and ``cuda``, None for a CPU torch.

    Raises:
        InstallError: An import fails, for want of a system library most often.
    """
    ran = run(PYTHON, '-c', CHECK)
    if ran.returncode:
        raise InstallError(explain_import(ran.stderr, ran.returncode))
    return json.loads(ran.stdout.splitlines()[-1])


def add_torchvision(torch: str, requirements: Path) -> None:
    """Add the torchvision that belongs to a CUDA torch, for its GPU operators; do without it where that fails."""
    if run(PYTHON, '-c', CHECK_TORCHVISION).returncode == 0:
        return  # the machine's own, with SYSTEM_TORCH=1
    torchvision = torchvision_for(torch)
    instead = 'the portable operators are used on the GPU'
    try:
        pip('install', torchvision, f'torch=={torch}', '-c', requirements)
    except InstallError as error:
        say(f'no torchvision beside torch {torch}, {instead}: {error}')
        return
    tried = run(PYTHON, '-c', CHECK_TORCHVISION)
    if tried.returncode:
        pip('uninstall', '--yes', 'torchvision')
        last = (tried.stderr.strip().splitlines() or ['it crashed'])[-1]
        say(f'{torchvision} does not work here and was removed, {instead}: {last}')


def run(*command: str | Path) -> subprocess.CompletedProcess:
    """Run a command away from the repository and catch what it prints."""
    return subprocess.run(command, capture_output=True, text=True, cwd=VENV, env=clean_environ())


def pip(*arguments: str | Path, **variables: str) -> None:
    """Run pip in the new environment, showing what it is at; all that it says goes to ``.venv/install.log``.

    Args:
        arguments: The command line after ``pip``.
        variables: Environment variables to add.

    Raises:
        InstallError: pip failed; the message says why in one line.
    """
    command = [PYTHON, '-m', 'pip', '--disable-pip-version-check', '--no-input', *arguments]
    environ = {**clean_environ(), 'PYTHONUNBUFFERED': '1', 'MMCV_WITH_OPS': '0', **variables}
    said = []
    pipes = {'stdout': subprocess.PIPE, 'stderr': subprocess.STDOUT, 'text': True, 'errors': 'replace'}
    with LOG.open('a', encoding='utf-8') as log, subprocess.Popen(command, env=environ, **pipes) as process:
        for line in process.stdout:
            log.write(line)
            said.append(line.rstrip())
            show_progress(line.strip())
    show_progress('')
    if process.returncode:
        raise InstallError(f'{explain_pip(said, os.environ)} (all that pip said: {LOG})')


def clean_environ() -> dict[str, str]:
    """Return the environment less what leads Python or pip out of ``.venv``; where pip gets packages from stays."""
    away = {'PYTHONPATH', 'PYTHONHOME', 'PIP_USER', 'PIP_TARGET', 'PIP_PREFIX', 'PIP_ROOT', '__PYVENV_LAUNCHER__'}
    return {**{name: value for name, value in os.environ.items() if name not in away}, 'PYTHONNOUSERSITE': '1'}


def show_progress(line: str) -> None:
    """Show on a terminal what pip is at, in one line that the next replaces; '' clears it."""
    if sys.stdout.isatty() and (not line or line.startswith(('Collecting', 'Downloading', 'Building', 'Installing'))):
        print('\r\033[K' + line[: shutil.get_terminal_size().columns - 1], end='', flush=True)


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)


@contextmanager
def locked(folder: Path = ROOT) -> Iterator[None]:
    """Keep a second installation in the same folder waiting."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say('waiting for another installation in this folder ...')
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def main() -> int:
    """Install; return the exit code."""
    if Path(sys.prefix) == VENV:  # .venv is active: it cannot be made from itself
        os.execv(sys._base_executable, [sys._base_executable, __file__])
    try:
        with locked():
            install()
    except InstallError as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    except OSError as error:
        print(f'error: {error}: the disk may be full or this folder read-only', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('\ninterrupted: the next run makes .venv anew', file=sys.stderr)
        return 130
    return 0


if __name__ == '__main__':
    sys.exit(main())
