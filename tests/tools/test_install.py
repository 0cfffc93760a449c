"""The installer: which Python it takes, when ``.venv`` counts as up to date, and what it says when it cannot."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools import install
from tools._environment import (
    Choice,
    choose,
    is_current,
    make_stamp,
    read_state,
    requirement_lines,
    torchvision_for,
    write_state,
)
from tools._install_errors import InstallError, explain_import, explain_pip
from tools._requirements import read_pins

ROOT = Path(__file__).resolve().parents[2]

# Each fake interpreter runs the probe with the real one, after some pretence; asked to install, it says its name.
FAKE = """#!/bin/sh
[ "$1" = -c ] || {{ echo "installs with $(basename "$0")"; exit; }}
exec {python} -c 'import sys; {pretence}; exec(sys.argv[1])' "$2"
"""
PRETENCES = {
    '3.13': 'sys.version_info = (3, 13, 0)',
    '3.11': 'sys.version_info = (3, 11, 7)',
    '3.10': 'sys.version_info = (3, 10, 13)',
    '3.14': 'sys.version_info = (3, 14, 0)',
    'no venv': 'sys.version_info = (3, 12, 3); sys.modules["ensurepip"] = None',
    'no lzma': 'sys.version_info = (3, 12, 3); sys.modules["lzma"] = None',
    'pypy': 'import platform; platform.python_implementation = lambda: "PyPy"; sys.version_info = (3, 11, 9)',
}
BROKEN = '#!/bin/sh\necho "pyenv: $(basename "$0"): command not found" >&2\nexit 127\n'


@pytest.fixture
def repository(tmp_path):
    """Return a folder with the installer and the requirement files only."""
    (tmp_path / 'zoo').mkdir()
    shutil.copy(ROOT / 'requirements.txt', tmp_path / 'zoo')
    for name in ('requirements', 'tools'):  # as cloned: other tests leave byte code in them
        shutil.copytree(ROOT / name, tmp_path / 'zoo' / name, ignore=shutil.ignore_patterns('__pycache__'))
    return tmp_path / 'zoo'


@pytest.fixture
def fake_path(tmp_path):
    """Return a function that writes fake interpreters into a folder which holds little else, and its path."""
    folder = tmp_path / 'bin'
    folder.mkdir()
    for tool in ('sh', 'sed', 'head', 'dirname', 'basename'):
        (folder / tool).symlink_to(shutil.which(tool))

    def write(interpreters: dict[str, str]) -> Path:
        for name, kind in interpreters.items():
            text = BROKEN if kind == 'broken' else FAKE.format(python=sys.executable, pretence=PRETENCES[kind])
            (folder / name).write_text(text)
            (folder / name).chmod(0o755)
        return folder

    return write


def run_script(repository: Path, path: Path, **variables: str) -> subprocess.CompletedProcess:
    """Run install.sh with nothing but ``path`` on PATH."""
    environ = {'PATH': str(path), **variables}
    return subprocess.run(['sh', repository / 'tools' / 'install.sh'], capture_output=True, text=True, env=environ)


@pytest.mark.fast
@pytest.mark.parametrize(
    ('interpreters', 'chosen'),
    [
        pytest.param({'python3': '3.11'}, 'python3', id='the-usual-one'),
        pytest.param({'python3': '3.10', 'python3.13': '3.13'}, 'python3.13', id='old-default'),
        pytest.param({'python3': '3.14', 'python3.11': '3.11', 'python3.13': '3.13'}, 'python3.11', id='new-default'),
        pytest.param({'python3': 'broken', 'python3.12': 'broken', 'python': '3.11'}, 'python', id='shims-that-fail'),
        pytest.param({'python3': 'no venv', 'python3.13': '3.13'}, 'python3.13', id='default-without-venv'),
        pytest.param({'python3': 'pypy', 'python3.11': '3.11'}, 'python3.11', id='pypy'),
    ],
)
def test_takes_the_first_python_that_works(repository, fake_path, interpreters, chosen):
    ran = run_script(repository, fake_path(interpreters))
    assert (ran.returncode, ran.stdout) == (0, f'installs with {chosen}\n'), ran.stderr


@pytest.mark.fast
@pytest.mark.parametrize(
    ('interpreters', 'named', 'parts'),
    [
        pytest.param({}, '', ['none on PATH', 'apt install python3.11'], id='none'),
        pytest.param(
            {'python3': '3.10', 'python3.12': 'broken'},
            '',
            ['python3 is 3.10.13', 'python3.12 does not run (pyenv: python3.12: command not found)', 'PYTHON='],
            id='unsupported-and-broken',
        ),
        pytest.param({'python3': 'no venv'}, '', ['no venv module: apt install python3.12-venv'], id='no-venv'),
        pytest.param({'python3': 'no lzma'}, '', ['built without lzma', 'liblzma-dev'], id='no-lzma'),
        pytest.param({'python3': '3.11', 'old': '3.10'}, 'old', ['old is 3.10.13'], id='named-but-old'),
        pytest.param({'python3': '3.11'}, '/nowhere/python', ['/nowhere/python does not run'], id='named-but-missing'),
    ],
)
def test_says_in_one_line_what_is_wrong_with_every_python(repository, fake_path, interpreters, named, parts):
    ran = run_script(repository, fake_path(interpreters), PYTHON=named)
    assert ran.returncode == 1
    assert ran.stdout == ''
    assert ran.stderr.startswith('error: no usable Python') and ran.stderr.count('\n') == 1
    assert [part for part in parts if part not in ran.stderr] == []


@pytest.mark.fast
def test_named_python_wins_over_the_last_one_and_that_over_the_usual_one(repository, fake_path):
    path = fake_path({'python3': '3.11', 'mine': '3.13', 'other': '3.11'})
    (repository / '.venv').mkdir()
    write_state({'stamp': None, 'python': str(path / 'mine')}, repository / '.venv')
    assert run_script(repository, path).stdout == 'installs with mine\n'
    assert run_script(repository, path, PYTHON='other').stdout == 'installs with other\n'


KEPT = {'choice': {'torch': '2.7.1', 'system_torch': False}}


@pytest.mark.fast
@pytest.mark.parametrize(
    ('environ', 'state', 'expected'),
    [
        pytest.param({}, {}, Choice(), id='pinned'),
        pytest.param({'TORCH': ''}, {}, Choice(), id='empty'),
        pytest.param({'TORCH': '2.6.0'}, {}, Choice(torch='2.6.0'), id='lowest'),
        pytest.param({'TORCH': '2.10.0+cu126'}, {}, Choice(torch='2.10.0+cu126'), id='local-version'),
        pytest.param({'TORCH': '2.13.0'}, KEPT, Choice(), id='back-to-the-pinned-one'),
        pytest.param({}, KEPT, Choice(torch='2.7.1'), id='kept'),
        pytest.param({'SYSTEM_TORCH': '1'}, KEPT, Choice(system_torch=True), id='system'),
        pytest.param({'SYSTEM_TORCH': '0'}, KEPT, Choice(), id='system-ended'),
        pytest.param({'TORCH': '2.5.1'}, {}, 'from 2.6.0 to 2.13.0', id='too-old'),
        pytest.param({'TORCH': '2.14.0'}, {}, 'from 2.6.0 to 2.13.0', id='too-new'),
        pytest.param({'TORCH': '2.8'}, {}, 'as in TORCH=', id='no-patch'),
        pytest.param({'TORCH': '1.13.1'}, {}, 'as in TORCH=', id='one'),
        pytest.param({'TORCH': 'nightly'}, {}, 'as in TORCH=', id='word'),
        pytest.param({'SYSTEM_TORCH': 'yes'}, {}, 'give 1', id='system-word'),
        pytest.param({'TORCH': '2.8.0', 'SYSTEM_TORCH': '1'}, {}, 'exclude each other', id='both'),
    ],
)
def test_choice_of_torch(environ, state, expected):
    if isinstance(expected, Choice):
        assert choose(environ, state, pinned='2.13.0') == expected
    else:
        with pytest.raises(InstallError, match=expected):
            choose(environ, state, pinned='2.13.0')


@pytest.mark.fast
def test_stamp_follows_what_the_environment_is_made_from(repository):
    stamps = [make_stamp(Choice(), '', repository)]
    assert make_stamp(Choice(), '', repository) == stamps[0]
    stamps.append(make_stamp(Choice(torch='2.7.1'), '', repository))
    stamps.append(make_stamp(Choice(system_torch=True), '2.8.0', repository))
    stamps.append(make_stamp(Choice(system_torch=True), '2.9.0', repository))
    for name in ('requirements.txt', 'requirements/constraints.txt', 'tools/install.py'):
        with (repository / name).open('a') as file:
            file.write('# more\n')
        stamps.append(make_stamp(Choice(), '', repository))
    moved = repository.rename(repository.with_name('moved'))
    stamps.append(make_stamp(Choice(), '', moved))
    assert len(set(stamps)) == len(stamps)
    (moved / 'requirements' / '__pycache__').mkdir()
    (moved / 'README.md').write_text('more')
    assert make_stamp(Choice(), '', moved) == stamps[-1]


@pytest.mark.fast
def test_environment_counts_as_good_only_when_finished(tmp_path):
    assert read_state(tmp_path) == {}
    (tmp_path / 'bin').mkdir()
    (tmp_path / 'bin' / 'python').touch()
    write_state({'stamp': None}, tmp_path)
    assert not is_current(read_state(tmp_path), 'a', tmp_path)
    write_state({'stamp': 'a'}, tmp_path)
    assert is_current(read_state(tmp_path), 'a', tmp_path)
    assert not is_current(read_state(tmp_path), 'b', tmp_path)
    (tmp_path / 'bin' / 'python').unlink()
    assert not is_current(read_state(tmp_path), 'a', tmp_path)
    (tmp_path / 'install.json').write_text('{"stamp": "a"')
    assert read_state(tmp_path) == {}


@pytest.mark.fast
def test_requirements_for_another_torch():
    text = (ROOT / 'requirements.txt').read_text()
    kept, changed = (requirement_lines(text, torch, Path('/zoo')) for torch in ('', '2.7.1'))
    assert {'torch==2.13.0', '-c /zoo/requirements/torch-constraints.txt'} == set(kept) - set(changed)
    assert {'torch==2.7.1'} == set(changed) - set(kept)
    assert {'-c /zoo/requirements/constraints.txt', '--find-links /zoo/requirements/wheels'} <= set(changed)


@pytest.mark.fast
@pytest.mark.parametrize(
    ('torch', 'expected'),
    [('2.6.0', '0.21'), ('2.7.1+cu126', '0.22'), ('2.10.0', '0.25'), ('2.13.0', '0.28'), ('2.8.0a0+52.nv25', '0.23')],
)
def test_torchvision_that_belongs_to_a_torch(torch, expected):
    assert torchvision_for(torch) == f'torchvision=={expected}.*'


@pytest.mark.fast
@pytest.mark.parametrize(
    ('stderr', 'code', 'part'),
    [
        pytest.param(
            'Traceback\ncv2: ImportError: libGL.so.1: cannot open shared object file: No such file',
            1,
            'libgl1',
            id='gl',
        ),
        pytest.param('x: OSError: libgomp.so.1: cannot open shared object file: No', 1, 'libgomp1', id='gomp'),
        pytest.param(
            'x: libodd-2.so.3: cannot open shared object file: No', 1, 'libodd-2.so.3 is missing', id='unknown'
        ),
        pytest.param("ImportError: libm.so.6: version `GLIBC_2.29' not found", 1, 'glibc 2.28', id='old-system'),
        pytest.param('', -4, 'lacks instructions', id='illegal-instruction'),
        pytest.param('torch: Numpy is not available (built for another numpy)', 1, 'without SYSTEM_TORCH', id='numpy'),
        pytest.param('shapely: ValueError: odd', 1, 'shapely: ValueError: odd', id='other'),
    ],
)
def test_explains_a_failed_import(stderr, code, part):
    line = explain_import(stderr, code)
    assert part in line and '\n' not in line


@pytest.mark.fast
@pytest.mark.parametrize(
    ('said', 'environ', 'part'),
    [
        pytest.param(
            [
                "WARNING: Retrying after connection broken by 'NewConnectionError(...)': /simple/torch/",
                'ERROR: No matching distribution found for torch==2.13.0',
            ],
            {},
            'index cannot be reached: No matching distribution found for torch==2.13.0',
            id='no-network',
        ),
        pytest.param(['ERROR: No matching distribution found for torch==2.13.0'], {}, 'has no wheel', id='no-wheel'),
        pytest.param(
            ['ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device'],
            {},
            'disk is full',
            id='disk',
        ),
        pytest.param(
            ['ERROR: Cannot install numpy', 'ERROR: ResolutionImpossible: for help'],
            {'PIP_CONSTRAINT': '/etc/pip/constraint.txt'},
            'env -u PIP_CONSTRAINT make',
            id='foreign-constraint',
        ),
        pytest.param(
            ['ERROR: Cannot install numpy', 'ERROR: ResolutionImpossible: for help'],
            {},
            'Cannot install numpy',
            id='conflict',
        ),
        pytest.param(['odd', ''], {}, 'pip failed: odd', id='other'),
        pytest.param([], {}, 'pip failed', id='silent'),
    ],
)
def test_explains_a_failed_pip(said, environ, part):
    line = explain_pip(said, environ)
    assert part in line and '\n' not in line


@pytest.mark.fast
@pytest.mark.parametrize(
    ('tries', 'index_has_it', 'calls', 'said'),
    [
        pytest.param([True], True, [], '', id='machine-has-one'),
        pytest.param([False, True], True, ['install torchvision==0.28.*'], '', id='added'),
        pytest.param(
            [False, False],
            True,
            ['install torchvision==0.28.*', 'uninstall --yes'],
            'was removed, the portable operators are used on the GPU: odd',
            id='added-but-broken',
        ),
        pytest.param([False], False, ['install torchvision==0.28.*'], 'no torchvision beside torch 2.13.0', id='none'),
    ],
)
def test_torchvision_beside_a_cuda_torch(monkeypatch, capsys, tries, index_has_it, calls, said):
    made, outcomes = [], iter(tries)

    def pip(*arguments: object) -> None:
        made.append(' '.join(map(str, arguments[:2])))
        if not index_has_it:
            raise InstallError('no wheel')

    def run(*command: object) -> subprocess.CompletedProcess:
        return subprocess.CompletedProcess(command, 0 if next(outcomes) else 1, '', 'odd')

    monkeypatch.setattr(install, 'pip', pip)
    monkeypatch.setattr(install, 'run', run)
    install.add_torchvision('2.13.0', Path('requirements.txt'))
    assert made == calls
    out = capsys.readouterr().out
    assert said in out if said else out == ''


def run_installer(repository: Path, **variables: str) -> subprocess.CompletedProcess:
    """Run install.py with this Python, which is to know no torch, pip cut off from every package."""
    environ = {**os.environ, 'PIP_NO_INDEX': '1', 'PIP_FIND_LINKS': '', 'PIP_CONFIG_FILE': os.devnull, **variables}
    command = [sys._base_executable, '-S', repository / 'tools' / 'install.py']
    return subprocess.run(command, capture_output=True, text=True, env=environ)


@pytest.mark.parametrize(
    ('variables', 'part'),
    [
        pytest.param({'TORCH': '2.5.0'}, 'error: TORCH=2.5.0: give a release', id='torch'),
        pytest.param({'SYSTEM_TORCH': '1'}, 'has no torch; name the Python that has', id='no-system-torch'),
    ],
)
def test_wrong_choice_ends_before_anything_is_made(repository, variables, part):
    ran = run_installer(repository, **variables)
    assert ran.returncode == 1 and part in ran.stderr and ran.stderr.count('\n') == 1
    assert not (repository / '.venv').exists()


def test_environment_of_someone_else_is_left_alone(repository):
    (repository / '.venv').mkdir()
    (repository / '.venv' / 'mine').touch()
    ran = run_installer(repository)
    assert ran.returncode == 1 and 'was not made by `make`: rename or delete it' in ran.stderr
    assert (repository / '.venv' / 'mine').exists()


def test_failed_installation_counts_as_unfinished_and_is_made_anew(repository):
    for beginning in ('making .venv:', 'making .venv anew:'):
        ran = run_installer(repository)
        assert ran.returncode == 1 and ran.stdout.startswith(beginning)
        assert ran.stderr.startswith('error: No matching distribution found for') and ran.stderr.count('\n') == 1
        assert json.loads((repository / '.venv' / 'install.json').read_text())['stamp'] is None


def test_finished_environment_is_used_again_at_once(repository):
    (repository / '.venv' / 'bin').mkdir(parents=True)
    (repository / '.venv' / 'bin' / 'python').symlink_to(sys.executable)
    code = 'from tools._environment import *; print(make_stamp(Choice(), ""))'
    stamp = subprocess.run([sys._base_executable, '-c', code], capture_output=True, text=True, cwd=repository).stdout
    state = {'stamp': stamp.strip(), 'version': '3.11.7', 'torch': read_pins()['torch']}
    write_state(state, repository / '.venv')
    ran = run_installer(repository)
    assert (ran.returncode, ran.stderr) == (0, '')
    assert ran.stdout == f'.venv is up to date: Python 3.11.7, torch {state["torch"]}\n'
