"""The list of cells that goes on where it stopped: what is run, recorded, left alone, and how it is ended."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.grid import Grid, grid_parser, run_until
from custom_modules.utils import UserError
from tools._launch import ROOT

SLEEP = 'import time\nfor i in range(600): time.sleep(0.1)'
# A toy grid as a program of its own: its command leaves a trace when it is told to end, as trainings do.
PROGRAM = """
import signal, sys
# Where the tests run in the background, these may be ignored from the start.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
sys.path.insert(0, {root!r})
from benchmarks.grid import grid_parser
from tools._launch import light
with light():
    from tests.benchmarks.test_grid import Toy, ToyCell
    args = grid_parser('toy', name='toy').parse_args(sys.argv[1:])
    sys.exit(Toy(args, [ToyCell('long', {code!r})]).main())
"""
SAVES_WHEN_TOLD = """
import pathlib, signal, sys, time
def save(number, frame):
    pathlib.Path({trace!r}).write_text('saved')
    sys.exit(143)
signal.signal(signal.SIGTERM, save)
pathlib.Path({trace!r}).write_text('running')
time.sleep(60)
"""


@dataclass(frozen=True)
class ToyCell:
    key: str
    code: str = 'print(7)'
    waits: str | None = None
    group: str = 'toys'


class Toy(Grid):
    """A grid whose cells are lines of Python."""

    def __init__(self, args, cells):
        super().__init__(args)
        self.toys = cells

    def all_cells(self):
        return self.toys

    def commands(self, cell):
        yield [sys.executable, '-c', cell.code]

    def what_it_waits_for(self, cell):
        return cell.waits

    def figures(self, cell, log):
        text = log.read_text().strip()
        if not text.isdigit():
            raise UserError(f'{text} is no number')
        return {'mAP50': int(text) / 10}

    def table(self):
        return f'{len(self.results)} records\n'


@pytest.fixture
def toy(tmp_path):
    """Return a maker of grids whose files are in a temporary folder."""

    def make(*cells: ToyCell, options: tuple[str, ...] = ()) -> Toy:
        folders = ['--work-dir', str(tmp_path / 'runs'), '--out', str(tmp_path / 'toy.json')]
        return Toy(grid_parser('toy', name='toy').parse_args([*folders, *options]), list(cells))

    return make


def records(tmp_path: Path) -> dict[str, dict]:
    return json.loads((tmp_path / 'toy.json').read_text())


@pytest.mark.fast
def test_cells_are_made_in_order_recorded_and_not_repeated(toy, tmp_path, capsys):
    broken = ToyCell('broken', 'raise SystemExit("error: no such thing")')
    cells = [broken, ToyCell('first'), ToyCell('words', 'print("seven")'), ToyCell('later', waits='needs a GPU')]
    assert toy(*cells).main() == 0
    found = records(tmp_path)
    assert list(found) == ['broken', 'first', 'words']
    assert found['broken']['error'] == 'error: no such thing'
    assert found['words']['error'] == 'seven is no number'
    assert found['first']['mAP50'] == 0.7
    assert {'seconds', 'amp', 'commit', 'machine'} <= set(found['first']) and found['first']['seconds'] >= 0
    assert (tmp_path / 'toy.md').read_text() == '3 records\n'
    before = (tmp_path / 'toy.json').read_bytes()
    assert toy(*cells).main() == 0 and (tmp_path / 'toy.json').read_bytes() == before
    capsys.readouterr()
    assert toy(*cells, options=('--list',)).main() == 0
    assert [line.split(maxsplit=3)[3] for line in capsys.readouterr().out.splitlines()] == [
        'error: no such thing',
        'mAP50 0.7000',
        'seven is no number',
        'needs a GPU',
    ]


@pytest.mark.fast
def test_failures_are_tried_again_once_when_asked(toy, tmp_path):
    assert toy(ToyCell('one', 'raise SystemExit("no luck")'), ToyCell('two')).main() == 0
    assert toy(ToyCell('one'), ToyCell('two', 'print(9)'), options=('--retry',)).main() == 0
    assert {key: record.get('mAP50') for key, record in records(tmp_path).items()} == {'one': 0.7, 'two': 0.7}
    still = toy(ToyCell('three', 'raise SystemExit("no")'), options=('--retry',))
    assert still.main() == 0 and records(tmp_path)['three']['error'] == 'no'


@pytest.mark.fast
def test_what_another_call_recorded_is_kept(toy, tmp_path):
    grid = toy(ToyCell('mine'))
    (tmp_path / 'toy.json').write_text(json.dumps({'theirs': {'mAP50': 0.1}}))
    assert grid.main() == 0 and set(records(tmp_path)) == {'mine', 'theirs'}


@pytest.mark.fast
def test_what_failed_here_and_was_made_again_elsewhere_is_kept(toy, tmp_path):
    mine, other = (
        toy(ToyCell('a', code), ToyCell('b'), options=('--retry',)) for code in ('raise SystemExit(1)', 'print(3)')
    )
    for grid in (mine, other):
        grid.write()
        grid.make(grid.toys[0], time.monotonic() + 60)
    mine.make(mine.toys[1], time.monotonic() + 60)
    assert {key: record['mAP50'] for key, record in records(tmp_path).items()} == {'a': 0.3, 'b': 0.7}


def test_the_time_ends_a_command(tmp_path):
    started = time.monotonic()
    assert run_until([sys.executable, '-c', SLEEP], tmp_path / 'log', started + 1) == 143
    assert time.monotonic() - started < 20


def test_a_cell_that_is_cut_off_counts_its_seconds(toy, tmp_path):
    cell = ToyCell('long', SLEEP)
    assert toy(cell).make(cell, time.monotonic() + 1) == 0
    assert not (tmp_path / 'toy.json').exists()
    assert 1 <= float((tmp_path / 'runs' / 'long.seconds').read_text()) < 20
    quick = ToyCell('long')
    assert toy(quick).main() == 0 and records(tmp_path)['long']['seconds'] >= 1


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_ends_the_running_command_in_order(tmp_path, number):
    trace = tmp_path / 'trace'
    program = PROGRAM.format(root=str(ROOT), code=SAVES_WHEN_TOLD.format(trace=str(trace)))
    options = ['--work-dir', str(tmp_path / 'runs'), '--out', str(tmp_path / 'toy.json')]
    process = subprocess.Popen([sys.executable, '-c', program, *options], cwd=ROOT)
    deadline = time.monotonic() + 60
    while not (trace.is_file() and trace.read_text() == 'running') and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    assert process.wait(30) == 143
    assert trace.read_text() == 'saved' and not records(tmp_path)
