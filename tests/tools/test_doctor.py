"""What the doctor asks the machine, and one look at the real one."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools import doctor
from tools._verdicts import BAD, NOTE, OK, Card, Verdict


@pytest.mark.fast
@pytest.mark.parametrize(
    ('row', 'card'),
    [
        pytest.param(['580.1', 'NVIDIA A100', '40960', '8.0'], Card('NVIDIA A100', 42.94967296, (8, 0)), id='known'),
        pytest.param(['580.1', 'Odd', '[N/A]', '[N/A]'], Card('Odd'), id='unknown'),
    ],
)
def test_reads_what_nvidia_smi_lists(row, card):
    assert doctor.read_card(row) == card


@pytest.mark.fast
def test_asks_the_driver(tmp_path, monkeypatch):
    monkeypatch.setenv('PATH', str(tmp_path))
    assert doctor.ask_driver() == ('', [])
    smi = tmp_path / 'nvidia-smi'
    smi.write_text('#!/bin/sh\necho "580.65.06, NVIDIA T4, 15360, 7.5"\necho "580.65.06, NVIDIA T4, 15360, 7.5"\n')
    smi.chmod(0o755)
    driver, cards = doctor.ask_driver()
    assert (driver, [card.capability for card in cards]) == ('580.65.06', [(7, 5), (7, 5)])
    smi.write_text('#!/bin/sh\necho "NVIDIA-SMI has failed because it could not communicate with the driver"\nexit 9\n')
    assert doctor.ask_driver() == ('', [])


@pytest.mark.fast
def test_counts_display_and_3d_controllers_of_nvidia(tmp_path):
    kinds = {
        'a': ('0x10de', '0x030000'),
        'b': ('0x10de', '0x030200'),
        'c': ('0x10de', '0x040300'),
        'd': ('0x8086', '0x030000'),
    }
    for name, (vendor, kind) in kinds.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / 'vendor').write_text(vendor + '\n')
        (tmp_path / name / 'class').write_text(kind + '\n')
    (tmp_path / 'e').mkdir()
    assert doctor.count_on_bus(tmp_path) == 2


@pytest.mark.fast
def test_lists_data_sets(tmp_path):
    assert doctor.describe_data(tmp_path)[0].level == NOTE
    for name in ('b/train.json', 'a/train_all.json', 'c/val.json'):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    assert doctor.describe_data(tmp_path) == [Verdict(OK, 'Data sets: data/a, data/b')]


@pytest.mark.fast
def test_broken_package_is_reported(monkeypatch):
    monkeypatch.setitem(doctor.PROBES, 'broken', 'import os; os.kill(os.getpid(), 11)')
    monkeypatch.setitem(doctor.PROBES, 'missing', 'import no_such_package')
    assert doctor.probe('broken') == {'failed': 'a package does not import: Python ended with code -11'}
    assert doctor.probe('missing')['failed'].endswith("No module named 'no_such_package'")
    monkeypatch.setitem(doctor.PROBES, 'fine', "print('noise'); found = {'version': '1'}")
    assert doctor.probe('fine') == {'version': '1'}


@pytest.mark.parametrize(
    ('said', 'text', 'remedy'),
    [
        pytest.param('TRASH_OPS=x is not one of', 'TRASH_OPS=x is not one of', '', id='mistake'),
        pytest.param(
            None, 'The package does not import: a package does not import: No', 'make clean install', id='odd'
        ),
    ],
)
def test_a_package_that_does_not_import(monkeypatch, said, text, remedy):
    monkeypatch.setitem(
        doctor.PROBES, 'stack', 'import custom_modules.ops' if said else "raise SystemExit('No module named x')"
    )
    monkeypatch.setenv('TRASH_OPS', 'x')
    verdict = doctor.describe_stack(doctor.probe('stack'), gpu=False)[0]
    assert verdict.level == BAD and verdict.text.startswith(text) and verdict.remedy == remedy


@pytest.mark.fast
@pytest.mark.parametrize(('levels', 'last'), [([OK, NOTE], 'Everything needed works.'), ([BAD, OK], '1 problem(s)')])
def test_report(capsys, levels, last):
    doctor.report(Verdict(level, f'text {level}', f'remedy {level}') for level in levels)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == f'     -> remedy {levels[0]}'
    assert lines[-1].startswith(last)


@pytest.mark.fast
def test_starts_with_nothing_but_python():
    tool = Path(doctor.__file__)
    helped = subprocess.run([sys.executable, '-S', tool, '--help'], capture_output=True, text=True)
    assert helped.returncode == 0 and helped.stdout.startswith('usage: doctor.py')


def test_looks_at_this_machine(capsys):
    code = doctor.main([])
    out = capsys.readouterr().out
    assert code == int('\nBAD' in out)
    for part in ('Python 3.', 'torch 2.', 'OpenCV', 'Operators on the CPU ', 'GB of memory'):
        assert part in out
