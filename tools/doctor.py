"""Say in plain words what is installed, which operators are in use, whether the GPU can be used, and what to do.

    python tools/doctor.py

Ends with exit code 0 when everything that is needed works, 1 otherwise. It starts with nothing but Python and looks at
packages from separate processes, so that a broken one is reported rather than fatal.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata, util
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._environment import ROOT, VENV, read_state
from tools._install_errors import explain_import
from tools._launch import Parser, use_environment
from tools._requirements import normalise, read_pins
from tools._verdicts import (
    BAD,
    NOTE,
    OK,
    Card,
    GpuFacts,
    Verdict,
    judge_gpu,
    judge_machine,
    judge_opencv,
    judge_ops,
    judge_packages,
    judge_python,
)

PROBES = {
    'cv2': "import cv2; found = {'version': cv2.__version__}",
    'torch': """
import torch
cuda, hip = torch.version.cuda, getattr(torch.version, 'hip', None)
found = {'torch': torch.__version__, 'cuda': cuda, 'hip': hip, 'archs': [], 'available': False, 'error': ''}
if cuda or hip:
    # get_arch_list() is empty when the driver does not answer, and then it is wanted most.
    found['archs'] = torch.cuda.get_arch_list() or (torch._C._cuda_getArchFlags() or '').split()
    try:
        (torch.ones(1, device='cuda') + 1).item()
        found['available'] = True
    except Exception as error:
        found['error'] = str(error).splitlines()[0]
""",
    'stack': 'import custom_modules.ops, mmdet.models, mmseg.models; found = custom_modules.ops.backend()',
}


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line; there is nothing to choose."""
    parser = Parser(description=__doc__.splitlines()[0])
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Examine, report, and return the exit code."""
    parse_args(argv)
    with ThreadPoolExecutor(max_workers=2) as pool:
        probed = dict(zip(PROBES, pool.map(probe, PROBES), strict=True))
    verdicts = [judge_python(sys.version_info[:3], sys.prefix, in_venv=Path(sys.prefix) == VENV)]
    verdicts += judge_packages(expected_pins(), installed_versions())
    verdicts += [judge_opencv(find_opencvs(), probed['cv2'].get('version', ''), probed['cv2'].get('failed', ''))]
    verdicts += describe_torch(probed['torch'])
    verdicts += describe_stack(probed['stack'], gpu=probed['torch'].get('available', False))
    verdicts += judge_machine(count_cores(), memory_gb(), shutil.disk_usage(ROOT).free / 1e9, shm_gb())
    verdicts += describe_data(ROOT / 'data')
    report(verdicts)
    return int(any(verdict.level == BAD for verdict in verdicts))


def probe(name: str) -> dict:
    """Run one of ``PROBES`` in a process of its own.

    Returns:
        What it found, or ``failed``: why it did not.
    """
    code = f'import json, sys; sys.path.insert(0, {str(ROOT)!r})\n{PROBES[name]}\nprint(json.dumps(found))'
    try:
        ran = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, timeout=300)
    except subprocess.TimeoutExpired:
        return {'failed': 'no answer within 5 minutes'}
    if ran.returncode:
        return {'failed': explain_import(ran.stderr, ran.returncode)}
    return json.loads(ran.stdout.splitlines()[-1])


def expected_pins() -> dict[str, str]:
    """Return the pinned versions, torch as chosen for ``.venv`` where that is in use."""
    pins, state = read_pins(), read_state()
    if Path(sys.prefix) == VENV and state.get('choice', {}) != {'torch': '', 'system_torch': False}:
        pins['torch'] = state.get('torch', pins['torch'])
    return pins


def installed_versions() -> dict[str, str]:
    """Return the version of each installed package by its normalised name, the first on the path of two."""
    versions: dict[str, str] = {}
    for package in metadata.distributions():
        if package.metadata['Name']:
            versions.setdefault(normalise(package.metadata['Name']), package.version)
    return versions


def find_opencvs() -> list[tuple[str, str]]:
    """Return name and version of each package that brings OpenCV; the empty stand-in does not count."""
    versions = installed_versions()
    return [(n, v) for n, v in sorted(versions.items()) if n.startswith('opencv-') and not v.endswith('+headless')]


def describe_torch(found: dict) -> list[Verdict]:
    """Judge torch and the GPUs."""
    if 'failed' in found:
        return [Verdict(BAD, f'torch: {found["failed"]}')]
    driver, cards = ask_driver()
    facts = GpuFacts(
        **found,
        torchvision=installed_versions().get('torchvision', ''),
        driver=driver,
        cards=cards,
        on_bus=count_on_bus(),
        visible=os.environ.get('CUDA_VISIBLE_DEVICES'),
    )
    return judge_gpu(facts)


def ask_driver() -> tuple[str, list[Card]]:
    """Return the NVIDIA driver's version and its cards, ('', []) without a driver that answers."""
    query = ['nvidia-smi', '--query-gpu=driver_version,name,memory.total,compute_cap', '--format=csv,noheader,nounits']
    try:
        ran = subprocess.run(query, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return '', []
    rows = [line.split(', ') for line in ran.stdout.splitlines()] if ran.returncode == 0 else []
    return (rows[0][0] if rows else ''), [read_card(row) for row in rows]


def read_card(row: list[str]) -> Card:
    """Read driver, name, memory in MiB and capability, as nvidia-smi lists them."""
    _, name, memory, capability = row
    numbers = capability.split('.')
    known = len(numbers) == 2 and all(part.isdigit() for part in numbers)
    return Card(
        name, float(memory) * 2**20 / 1e9 if memory.isdigit() else 0.0, tuple(map(int, numbers)) if known else None
    )


def count_on_bus(devices: Path = Path('/sys/bus/pci/devices')) -> int:
    """Count NVIDIA's display and 3D controllers on the PCI bus."""
    count = 0
    for device in devices.glob('*'):
        try:
            vendor, kind = (device / 'vendor').read_text(), (device / 'class').read_text()
        except OSError:
            continue
        count += vendor.strip() == '0x10de' and kind.startswith(('0x0300', '0x0302'))
    return count


def describe_stack(found: dict, *, gpu: bool) -> list[Verdict]:
    """Say whether the whole package imports, and which operators are in use."""
    if 'failed' in found:
        if mistake := found['failed'].partition('UserError: ')[2]:  # TRASH_OPS, and what to do about it
            return [Verdict(BAD, mistake)]
        return [Verdict(BAD, f'The package does not import: {found["failed"]}', 'make clean install')]
    return [judge_ops(found, gpu=gpu)]


def describe_data(folder: Path) -> list[Verdict]:
    """List the data sets found."""
    sets = sorted({path.parent for path in folder.glob('*/train*.json')})
    if not sets:
        return [Verdict(NOTE, f'No data set in {folder}', 'make demo draws one; yours goes to data/<set>/train.json')]
    return [Verdict(OK, f'Data sets: {", ".join(f"data/{path.name}" for path in sets)}')]


def count_cores() -> int:
    """Count the processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1


def memory_gb() -> float:
    """Return the memory this process may use, in GB: the machine's or the container's limit."""
    limits = [os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES')]
    for name in ('memory.max', 'memory/memory.limit_in_bytes'):
        path = Path('/sys/fs/cgroup') / name
        if path.is_file() and path.read_text().strip().isdigit():
            limits.append(int(path.read_text()))
    return min(limits) / 1e9


def shm_gb() -> float | None:
    """Return the size in GB of the shared memory that loader workers pass batches through, None where it lacks."""
    return shutil.disk_usage('/dev/shm').total / 1e9 if Path('/dev/shm').is_dir() else None


def report(verdicts: Iterable[Verdict]) -> None:
    """Print one line for each verdict, its remedy below."""
    verdicts = list(verdicts)
    for verdict in verdicts:
        word = verdict.level.upper() if verdict.level == BAD else verdict.level
        print(textwrap.fill(f'{word:5}{verdict.text}', 120, subsequent_indent=' ' * 5, break_on_hyphens=False))
        if verdict.remedy:
            print(f'     -> {verdict.remedy}')
    count = sum(verdict.level == BAD for verdict in verdicts)
    print(f'{count} problem(s): see the lines marked BAD' if count else 'Everything needed works.')


if __name__ == '__main__':
    # .venv first, like every tool; but without one there is all the more to report.
    if util.find_spec('mmengine') is None and (VENV / 'bin' / 'python').is_file() and Path(sys.prefix) != VENV:
        use_environment()
    sys.exit(main())
