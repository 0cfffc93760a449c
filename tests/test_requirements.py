"""The requirement files agree with each other and with the environment that runs the tests."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools._requirements import normalise, read_pins
from tools.doctor import find_opencvs

ROOT = Path(__file__).resolve().parents[1]
CONSTRAINTS = [ROOT / 'requirements' / name for name in ('constraints.txt', 'torch-constraints.txt')]


def made_by_make() -> bool:
    """Whether the tests run in an environment that the installer made."""
    return (Path(sys.prefix) / 'install.json').is_file()


def read_text(path: Path) -> str:
    """Return a file less its comments."""
    return re.sub(r'#.*', '', path.read_text(encoding='utf-8'))


@pytest.mark.fast
def test_direct_requirements_are_pinned_exactly():
    lines = [line.strip() for line in read_text(ROOT / 'requirements.txt').splitlines()]
    packages = [line for line in lines if line and not line.startswith('-')]
    assert len(packages) == len(read_pins()) >= 20
    assert [line for line in packages if not re.fullmatch(r'[A-Za-z0-9.-]+==[\w.+]+', line)] == []


@pytest.mark.fast
def test_constraints_leave_direct_requirements_alone():
    names = [normalise(name) for path in CONSTRAINTS for name in re.findall(r'^(\S+)==', read_text(path), re.M)]
    assert len(names) == len(set(names)) > 50
    assert set(names) & set(read_pins()) == set()
    # torch pins its CUDA packages itself; held here, they would break another torch or the CPU build.
    assert [name for name in names if name.startswith(('nvidia', 'cuda', 'triton', 'torchvision'))] == []


@pytest.mark.fast
def test_requirement_files_name_no_host_and_no_folder_of_one_machine():
    for path in [ROOT / 'requirements.txt', *CONSTRAINTS]:
        assert not re.search(r'://|--index-url|--extra-index-url|^/|[= ]/', read_text(path), re.M), path


@pytest.mark.fast
def test_stand_in_for_opencv_is_what_its_script_writes(tmp_path):
    spec = importlib.util.spec_from_file_location('opencv_wheel', ROOT / 'requirements' / 'opencv_wheel.py')
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    version = read_pins()['opencv-python-headless']
    assert read_pins()['opencv-python'] == f'{version}+headless'
    committed = sorted((ROOT / 'requirements' / 'wheels').iterdir())
    assert [path.name for path in committed] == [script.wheel_name(version)]
    assert committed[0].read_bytes() == script.write_wheel(version, tmp_path).read_bytes()
    assert not any(name.endswith('.py') for name in script.wheel_files(version))


def test_environment_has_one_opencv_and_no_compiled_mmcv():
    if not made_by_make():
        pytest.skip('this environment was not made by make')
    assert find_opencvs() == [('opencv-python-headless', read_pins()['opencv-python-headless'])]
    mmcv = Path(importlib.util.find_spec('mmcv').origin).parent
    assert list(mmcv.glob('_ext*')) == []


def test_installed_packages_fit_together():
    if not made_by_make():
        pytest.skip('this environment was not made by make')
    checked = subprocess.run([sys.executable, '-m', 'pip', 'check'], capture_output=True, text=True)
    assert (checked.returncode, checked.stdout.strip()) == (0, 'No broken requirements found.')
