"""A comparison as a list of cells, run one after the other, in portions, most informative first.

Every benchmark that trains is a :class:`Grid`: it lists its cells, says what each waits for, which commands make it
and what to keep.  The records are a json by key, with a table in Markdown beside it, both written after each cell.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import platform
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from tools._launch import ROOT

SHORTEST = 30  # seconds: nothing is begun that could not get beyond its start
STOPPED = (128 + signal.SIGINT, 128 + signal.SIGTERM)  # exit codes of what was cut off, and saved


class Cell(Protocol):
    """What a grid lists.

    Attributes:
        key: Its name, fit for a folder and the same for ever: records are found by it.
        group: What kind of cell it is.
    """

    @property
    def key(self) -> str: ...

    @property
    def group(self) -> str: ...


class Grid(ABC):
    """The cells of one file of results.

    Args:
        args: A command line of :func:`grid_parser`.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.results: dict[str, dict] = {}
        self.tried: set[str] = set()
        self.unwritten: dict[str, dict] = {}

    @abstractmethod
    def all_cells(self) -> Sequence[Cell]:
        """List all cells in the order in which they are to be made; ``self.results`` may tell of further ones."""

    @abstractmethod
    def commands(self, cell: Cell) -> Iterator[list[str]]:
        """Give the commands that make a cell, each of which goes on where it was cut off."""

    @abstractmethod
    def figures(self, cell: Cell, log: Path) -> dict:
        """Collect what is kept of a cell that was made.

        Args:
            cell: The cell.
            log: What its commands printed.

        Raises:
            UserError: It cannot be had; the message becomes the cell's error.
        """

    @abstractmethod
    def table(self) -> str:
        """Return the text of the table."""

    def what_it_waits_for(self, cell: Cell) -> str | None:
        """Say what must be there before a cell can be made; None where all is there."""
        return None

    def preparations(self, cell: Cell) -> Iterator[list[str]]:
        """Give the commands that make a cell's pictures where they are missing; they do not count as its time."""
        yield from ()

    def conditions(self, cell: Cell) -> dict:
        """Return what is recorded of how a cell was made, beside its seconds, the commit and the machine."""
        return {'amp': self.args.amp}

    def summary(self, record: dict) -> str:
        """Describe a record in a few words."""
        return f'mAP50 {record["mAP50"]:.4f}' if record.get('mAP50') is not None else ''

    def cells(self) -> list[Cell]:
        """List the cells that are asked for."""
        wanted = self.args.only
        return [cell for cell in self.all_cells() if not wanted or any(text in cell.key for text in wanted)]

    def waiting(self) -> list[Cell]:
        """List the cells that are still empty and can be made here, in order."""
        return [cell for cell in self.cells() if self._reason_to_skip(cell) is None]

    def folder(self, cell: Cell) -> Path:
        """Return where a cell's files go."""
        return self.args.work_dir / cell.key

    def has(self, cell: Cell) -> bool:
        """Tell whether a cell was made without an error."""
        return 'error' not in self.results.get(cell.key, {'error': 'missing'})

    def main(self) -> int:
        """List the cells or make what is still empty; return the exit code.

        A signal that ends the process ends the running command first, as it would end it alone.
        """
        deadline = time.monotonic() + 60 * self.args.minutes
        self.write()
        if self.args.list:
            self.show()
            return 0
        with _interrupted_by_signals():
            while (waiting := self.waiting()) and deadline - time.monotonic() > SHORTEST:
                code = self.make(waiting[0], deadline)
                if code:
                    return code
        table = self.args.out.with_suffix('.md')
        print(f'{len(self.waiting())} of {len(self.cells())} runs are still to come; see {table}')
        return 0

    def show(self) -> None:
        """Print every cell with its score or what it waits for."""
        for number, cell in enumerate(self.cells(), start=1):
            record = self.results.get(cell.key, {})
            state = record.get('error') or self.summary(record) or self._reason_to_skip(cell) or 'to run'
            print(f'{number:4} {cell.group:<22} {cell.key:<50} {state}')

    def make(self, cell: Cell, deadline: float) -> int:
        """Make a cell, or a part of it, and record it.

        Args:
            cell: The cell.
            deadline: Moment of :func:`time.monotonic` at which to stop.

        Returns:
            An exit code other than 0 to stop here.
        """
        self.tried.add(cell.key)
        started, made_on = time.monotonic(), surroundings()
        print(f'{cell.key}: {getattr(cell, "config", "") or cell.group}', flush=True)
        log = self.folder(cell).with_suffix('.log')
        code, preparing = self._run_all(self.preparations(cell), log, deadline)
        if code == 0:
            code, _ = self._run_all(self.commands(cell), log, deadline)
        outcome = self._outcome(cell, log) if code == 0 else {'error': last_words(log)}
        seconds = time.monotonic() - started - preparing
        seconds += self._earlier_seconds(cell, seconds, finished=code == 0)
        if code in STOPPED:
            return 0 if time.monotonic() >= deadline else code
        record = {**outcome, 'seconds': round(seconds, 1), **self.conditions(cell), **made_on}
        self.results[cell.key] = self.unwritten[cell.key] = record
        print(f'{cell.key}: {record.get("error") or self.summary(record)}, {seconds:.0f} s', flush=True)
        self.write()
        return 0

    def write(self) -> None:
        """Write the records and the table."""
        from custom_modules.utils import atomic_write

        with _alone(self.args.out):
            if self.args.out.is_file():  # another call may have added to it, or made again what had failed
                self.results |= json.loads(self.args.out.read_text(encoding='utf-8')) | self.unwritten
            self.unwritten = {}
            with atomic_write(self.args.out) as file:
                json.dump(self.results, file, indent=1)
                file.write('\n')
            with atomic_write(self.args.out.with_suffix('.md')) as file:
                file.write(self.table())

    def _reason_to_skip(self, cell: Cell) -> str | None:
        record = self.results.get(cell.key)
        if record and not ('error' in record and self.args.retry and cell.key not in self.tried):
            return 'failed' if 'error' in record else 'done'
        return self.what_it_waits_for(cell)

    def _run_all(self, commands: Iterator[list[str]], log: Path, deadline: float) -> tuple[int, float]:
        """Run commands up to the first that fails; return its exit code and all their seconds."""
        started, code = time.monotonic(), 0
        for command in commands:
            code = run_until(command, log, deadline)
            if code:
                break
        return code, time.monotonic() - started

    def _outcome(self, cell: Cell, log: Path) -> dict:
        from custom_modules.utils import UserError

        try:
            return self.figures(cell, log)
        except UserError as error:
            return {'error': str(error)}

    def _earlier_seconds(self, cell: Cell, seconds: float, *, finished: bool) -> float:
        """Add up the parts of a cell that was cut off; returns what earlier parts took."""
        path = self.folder(cell).with_suffix('.seconds')
        earlier = float(path.read_text(encoding='utf-8')) if path.is_file() else 0.0
        if finished:
            path.unlink(missing_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(str(earlier + seconds), encoding='utf-8')
        return earlier


def grid_parser(description: str, *, name: str) -> argparse.ArgumentParser:
    """Make a command line with the options that every grid has.

    Args:
        description: What stands above the options.
        name: The benchmark: its records are ``benchmarks/<name>.json``, its runs ``work_dirs/benchmarks/<name>``.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--list', action='store_true', help='only show the runs in their order, and their scores')
    parser.add_argument('--minutes', type=float, default=60, help='stop after so many minutes (default 60)')
    parser.add_argument('--only', nargs='+', default=[], metavar='TEXT', help='runs whose name contains one of these')
    parser.add_argument('--retry', action='store_true', help='run those again that failed')
    parser.add_argument('--amp', action='store_true', help='train in mixed precision')
    parser.add_argument(
        '--photographs', type=Path, default=ROOT.parent / 'shared' / 'data' / 'taco416', help='real pictures, COCO'
    )
    parser.add_argument('--synthetic', type=Path, default=ROOT / 'data' / 'synthetic', help='drawn there when missing')
    work, out = ROOT / 'work_dirs' / 'benchmarks' / name, ROOT / 'benchmarks' / f'{name}.json'
    parser.add_argument('--work-dir', type=Path, default=work, help='folder of the runs')
    parser.add_argument('--out', type=Path, default=out, help='the records; the table is written beside them')
    return parser


def run_until(command: list[str], log: Path, deadline: float) -> int:
    """Run a command with its output in a file, and end it when the time is up or this process is interrupted.

    Args:
        command: The command.
        log: The file, written anew.
        deadline: Moment of :func:`time.monotonic`.

    Returns:
        The exit code; 128 and the signal's number after a signal.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, 'w', encoding='utf-8') as file:
        # A session of its own: what is typed on the keyboard reaches it once, through here.
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, cwd=ROOT, start_new_session=True)
        try:
            code = process.wait(max(deadline - time.monotonic(), 0))
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            process.send_signal(signal.SIGTERM)
            try:
                code = process.wait()
            except KeyboardInterrupt:  # asked twice: at once
                os.killpg(process.pid, signal.SIGKILL)
                raise
    return code if code >= 0 else 128 - code


@contextlib.contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Let no other call read or write records in the block."""
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = os.open(out.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


@contextlib.contextmanager
def _interrupted_by_signals() -> Iterator[None]:
    """Let SIGTERM and the closing of the terminal do in the block what ctrl-C does."""

    def interrupt(number: int, frame) -> None:
        raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    for number, handler in before.items():
        if handler != signal.SIG_IGN:  # as nohup does
            signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def surroundings() -> dict[str, str]:
    """Say on what a run was made."""
    import torch

    git = ['git', '-C', str(ROOT)]
    commit = subprocess.run([*git, 'rev-parse', '--short', 'HEAD'], capture_output=True, text=True).stdout.strip()
    changed = subprocess.run([*git, 'diff', '--quiet', 'HEAD', '--', 'custom_modules', 'configs', 'tools']).returncode
    if has_gpu():
        machine = torch.cuda.get_device_name()
    else:
        machine = f'{_cpu_name()}, {os.environ.get("OMP_NUM_THREADS") or len(os.sched_getaffinity(0))} threads'
    return {'commit': commit + ('+' if changed else ''), 'machine': f'{machine}, torch {torch.__version__}'}


def has_gpu() -> bool:
    """Tell whether this machine has a card that torch can use."""
    import torch

    return torch.cuda.is_available()


def machines(results: dict[str, dict]) -> Iterator[str]:
    """Give the lines of a table's last section: on what its runs were made.

    Args:
        results: Records by key.
    """
    used = sorted({f'{r["machine"]}, {"bfloat16" if r["amp"] else "float32"}' for r in results.values()})
    if used:
        yield from ('## Machines', '', *(f'- {machine}' for machine in used), '')


def failures(results: dict[str, dict]) -> Iterator[str]:
    """Give the lines of a table's section on cells that failed.

    Args:
        results: Records by key.
    """
    failed = {key: record['error'] for key, record in results.items() if 'error' in record}
    if failed:
        yield from ('## Failed', '', *(f'- {key}: {error}' for key, error in failed.items()), '')


def last_words(log: Path) -> str:
    """Return the line of a log that says why a command failed."""
    lines = [line for line in log.read_text(encoding='utf-8', errors='replace').splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith('error:')]
    return (errors or lines or ['no output'])[-1][:300]


def _cpu_name() -> str:
    info = Path('/proc/cpuinfo')
    lines = info.read_text(encoding='utf-8').splitlines() if info.is_file() else []
    return next((line.partition(':')[2].strip() for line in lines if line.startswith('model name')), platform.machine())
