"""Compare necks, losses, augmentation, sampling, start weights and families of detectors, one choice at a time.

    python benchmarks/detection.py --list
    python benchmarks/detection.py --amp --minutes 55

Runs the cells that are still empty, the most informative first, and writes benchmarks/detection.json and the table
benchmarks/detection.md after each.  A run that is cut off by --minutes or ctrl-C goes on with the next call; one that
fails is recorded and the next begins.  What needs a GPU is run only where there is one.  Two calls with different
--only may work side by side, with OMP_NUM_THREADS=1 each.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.detection_grid import PASTED, PHOTOGRAPHS, PRETRAINING, SYNTHETIC, Run, all_runs
from tools._launch import ROOT, run

STEPS, BATCH = 250, 8
PICTURES = '--train 1000 --val 80 --test 20 --size 192 --frequencies sqrt'  # the demo's
JSON, TABLE = ROOT / 'benchmarks' / 'detection.json', ROOT / 'benchmarks' / 'detection.md'
WORK = ROOT / 'work_dirs' / 'benchmarks' / 'detection'
SHORTEST = 30  # seconds: nothing is begun that could not get beyond its start


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--list', action='store_true', help='only show the runs in their order, and their scores')
    parser.add_argument('--minutes', type=float, default=60, help='stop after so many minutes (default 60)')
    parser.add_argument('--only', nargs='+', default=[], metavar='TEXT', help='runs whose name contains one of these')
    parser.add_argument('--retry', action='store_true', help='run those again that failed')
    parser.add_argument('--amp', action='store_true', help='train in mixed precision')
    parser.add_argument('--steps', type=int, default=STEPS, help=f'steps of each training (default {STEPS})')
    parser.add_argument(
        '--photographs', type=Path, default=ROOT.parent / 'shared' / 'data' / 'taco416', help='real pictures, COCO'
    )
    parser.add_argument('--synthetic', type=Path, default=ROOT / 'data' / 'synthetic', help='drawn there when missing')
    parser.add_argument('--work-dir', type=Path, default=WORK, help='folder of the runs')
    parser.add_argument('--out', type=Path, default=JSON, help='the records; the table is written beside them')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run what is still empty; return the exit code."""
    args = parse_args(argv)
    deadline = time.monotonic() + 60 * args.minutes
    bench = Bench(args)
    bench.write()
    if args.list:
        bench.show()
        return 0
    while (waiting := bench.waiting()) and deadline - time.monotonic() > SHORTEST:
        code = bench.carry_out(waiting[0], deadline)
        if code:
            return code
    print(f'{len(bench.waiting())} of {len(bench.runs())} runs are still to come; see {args.out.with_suffix(".md")}')
    return 0


class Bench:
    """The runs of one results file.

    Args:
        args: The command line.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.has_gpu = _has_gpu()
        self.results: dict[str, dict] = {}
        self.tried: set[str] = set()

    def runs(self) -> list[Run]:
        """List the runs that are asked for."""
        wanted = self.args.only
        return [one for one in all_runs(self.results) if not wanted or any(text in one.key for text in wanted)]

    def waiting(self) -> list[Run]:
        """List the runs that are still empty and can be made here, in order."""
        return [one for one in self.runs() if self._reason_to_skip(one) is None]

    def _reason_to_skip(self, one: Run) -> str | None:
        record = self.results.get(one.key)
        if record and not ('error' in record and self.args.retry and one.key not in self.tried):
            return 'failed' if 'error' in record else 'done'
        if one.gpu and not self.has_gpu:
            return 'needs a GPU'
        if one.data == PHOTOGRAPHS and not (self.args.photographs / 'train.json').is_file():
            return 'needs --photographs'
        if one.start == PRETRAINING and not self._pretrained().is_file():
            return 'waits for the pretraining'
        return None

    def _folder(self, one: Run) -> Path:
        return self.args.work_dir / one.key

    def _pretrained(self) -> Path:
        return self._folder(Run(PRETRAINING, '', SYNTHETIC)) / 'best.pth'

    def show(self) -> None:
        """Print every run with its score or what it waits for."""
        for number, one in enumerate(self.runs(), start=1):
            record, reason = self.results.get(one.key, {}), self._reason_to_skip(one)
            state = record.get('error') or _figure(record) or (reason or 'to run')
            print(f'{number:4} {one.group:<22} {one.key:<50} {state}')

    def carry_out(self, one: Run, deadline: float) -> int:
        """Make a run, or a part of it, and record it; return an exit code other than 0 to stop here."""
        self.tried.add(one.key)
        print(f'{one.key}: {one.config}', flush=True)
        log, started = self._folder(one).with_suffix('.log'), time.monotonic()
        code = next(filter(None, (run_until(command, log, deadline) for command in self._pictures_to_make(one))), 0)
        if code == 0:
            started = time.monotonic()  # making pictures is not training
            code = run_until(self._speed_command(one) if one.speed else self._training_command(one), log, deadline)
        seconds = time.monotonic() - started
        seconds += self._earlier_seconds(one, seconds, finished=code == 0)
        if code in (130, 143):  # cut off, and saved
            return 0 if time.monotonic() >= deadline else code
        record = {'seconds': round(seconds, 1), 'amp': self.args.amp, **surroundings()}
        figures = (self._speed if one.speed else self._scores)(one, log) if code == 0 else {'error': _last_words(log)}
        self.results[one.key] = {**figures, **record}
        print(f'{one.key}: {self.results[one.key].get("error") or _figure(figures)}, {seconds:.0f} s', flush=True)
        self.write()
        return 0

    def _pictures_to_make(self, one: Run) -> Iterator[list[str]]:
        """Give the commands that make the run's pictures, where they are not there yet."""
        tools, root, pasted = ROOT / 'tools', self._data_root(one), self._data_root(one, pasted=True)
        if one.data == SYNTHETIC and not (root / 'train.json').is_file():
            yield [sys.executable, str(tools / 'make_synthetic.py'), '--out', str(root), *PICTURES.split()]
        if one.cell == PASTED and not pasted.exists():
            yield [sys.executable, str(tools / 'copy_paste.py'), '--data-root', str(root), '--out', str(pasted)]

    def _data_root(self, one: Run, *, pasted: bool = False) -> Path:
        if pasted:
            return self.args.work_dir / f'{one.data}_pasted'
        return self.args.synthetic if one.data == SYNTHETIC else self.args.photographs

    def _training_command(self, one: Run) -> list[str]:
        root = self._data_root(one, pasted=one.cell == PASTED)
        start = {'none': ['--load-from', 'none'], PRETRAINING: ['--load-from', str(self._pretrained())]}
        options = ['--data-root', str(root), '--work-dir', str(self._folder(one)), '--seed', str(one.seed), '--resume']
        return [
            *(sys.executable, str(ROOT / 'tools' / 'train.py'), str(ROOT / one.config), *options),
            *start.get(one.start, []),
            *(['--amp'] if self.args.amp else []),
            *(self._budget(one, root) if one.length else []),
        ]

    def _budget(self, one: Run, root: Path) -> list[str]:
        """Give the options that make a run as long as all others, however long its epochs, and validate at its end."""
        pictures = len(json.loads((root / 'train.json').read_text(encoding='utf-8'))['images'])
        steps = self.args.steps * one.length
        epochs = -(-steps * BATCH // pictures) + 1
        loop = {'max_iters': steps, 'max_epochs': epochs, 'val_interval': epochs + 1}
        cosine = {'by_epoch': False, 'convert_to_iter_based': False, 'T_max': steps, 'end': steps}
        pairs = [(f'train_cfg.{name}', value) for name, value in loop.items()]
        pairs += [(f'param_scheduler.1.{name}', value) for name, value in cosine.items()]
        return ['--cfg-options', *(f'{name}={value}' for name, value in pairs)]

    def _speed_command(self, one: Run) -> list[str]:
        batch, bfloat16 = one.speed
        tool = str(ROOT / 'benchmarks' / 'detection_speed.py')
        precision = ['--amp'] if bfloat16 else []
        return [sys.executable, tool, str(ROOT / one.config), '--batch', str(batch), *precision]

    def _speed(self, one: Run, log: Path) -> dict:
        return json.loads(log.read_text(encoding='utf-8').splitlines()[-1])

    def _scores(self, one: Run, log: Path) -> dict:
        """Read the scores of the last validation."""
        from custom_modules.visualization.scalars import read_scalars

        scalars = [line for line in read_scalars(self._folder(one) / 'scalars.csv') if line.split == 'val']
        last = max(line.iter for line in scalars)
        values = {line.name: line.value for line in scalars if line.iter == last}
        return {**{name: values[name] for name in ('mAP50', 'mAP')}, 'steps': last}

    def _earlier_seconds(self, one: Run, seconds: float, *, finished: bool) -> float:
        """Add up the parts of a run that was cut off; returns what earlier parts took."""
        path = self._folder(one).with_suffix('.seconds')
        earlier = float(path.read_text(encoding='utf-8')) if path.is_file() else 0.0
        if finished:
            path.unlink(missing_ok=True)
        else:
            path.write_text(str(earlier + seconds), encoding='utf-8')
        return earlier

    def write(self) -> None:
        """Write the records and the table."""
        from benchmarks.detection_table import write_table
        from custom_modules.utils import atomic_write

        if self.args.out.is_file():  # another call may have added to it
            self.results = json.loads(self.args.out.read_text(encoding='utf-8')) | self.results
        with atomic_write(self.args.out) as file:
            json.dump(self.results, file, indent=1)
            file.write('\n')
        with atomic_write(self.args.out.with_suffix('.md')) as file:
            file.write(write_table(self.results))


def run_until(command: list[str], log: Path, deadline: float) -> int:
    """Run a command with its output in a file, and interrupt it when the time is up.

    Args:
        command: The command.
        log: The file, written anew.
        deadline: Moment of :func:`time.monotonic`.

    Returns:
        The exit code; 128 and the signal's number after a signal.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, 'w', encoding='utf-8') as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, cwd=ROOT)
        try:
            code = process.wait(max(deadline - time.monotonic(), 0))
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            process.send_signal(signal.SIGTERM)
            code = process.wait()
    return code if code >= 0 else 128 - code


def surroundings() -> dict[str, str]:
    """Say on what a run was made."""
    import torch

    git = ['git', '-C', str(ROOT)]
    commit = subprocess.run([*git, 'rev-parse', '--short', 'HEAD'], capture_output=True, text=True).stdout.strip()
    changed = subprocess.run([*git, 'diff', '--quiet', 'HEAD', '--', 'custom_modules', 'configs', 'tools']).returncode
    if _has_gpu():
        machine = torch.cuda.get_device_name()
    else:
        machine = f'{_cpu_name()}, {os.environ.get("OMP_NUM_THREADS") or len(os.sched_getaffinity(0))} threads'
    return {'commit': commit + ('+' if changed else ''), 'machine': f'{machine}, torch {torch.__version__}'}


def _has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()


def _cpu_name() -> str:
    info = Path('/proc/cpuinfo')
    lines = info.read_text(encoding='utf-8').splitlines() if info.is_file() else []
    return next((line.partition(':')[2].strip() for line in lines if line.startswith('model name')), platform.machine())


def _figure(record: dict) -> str:
    if 'images_per_second' in record:
        return f'{record["images_per_second"]:.2f} images/s'
    return f'mAP50 {record["mAP50"]:.4f}' if 'mAP50' in record else ''


def _last_words(log: Path) -> str:
    lines = [line for line in log.read_text(encoding='utf-8', errors='replace').splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith('error:')]
    return (errors or lines or ['no output'])[-1][:300]


if __name__ == '__main__':
    run(main)
