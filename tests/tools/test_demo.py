"""tools/demo.py: the steps side by side, the closing table, and the whole way on a handful of pictures."""

import json
import signal
import subprocess
import sys
import time

import pytest

from tools import _demo_steps, demo
from tools._demo_steps import Beside, StepFailed, Steps

SLEEP = 'import time\nfor i in range(600): time.sleep(0.1)'
FIGURES = {'mAP50': 0.5, 'segm_mAP50': 0.4, 'tta': {'mAP50': 0.52, 'segm_mAP50': 0.41}, 'tta_gain': 0.02}
SUMMARY = {
    'models': {'htc': {**FIGURES, 'train_seconds': 300.4}},
    'fusion': {**FIGURES, 'held_out_gain': {'value': 0.01}, 'held_out_gain_with_tta': {'value': 0.0}},
    'pseudo_labels': {'labels': 30, 'pictures': 18, 'real_precision': 0.756, 'file': 'data/train_pseudo.json'},
    'segmenters': {
        'deeplab': {
            **{'mIoU': 0.51, 'mIoU_per_image': 0.6, 'boundary_IoU': 0.3, 'tta_gain': 0.02, 'train_seconds': 250.0},
            'tta': {'mIoU': 0.53},
        }
    },
    'vote': {
        'steps': {'vote': 0.52, 'CRF': 0.55},
        **{'held_out_gain': {'value': 0.01}, 'held_out_gain_of_steps': {'value': 0.02}},
        'tta': {
            'steps': {'vote': 0.54, 'CRF': 0.56, 'rescue': 0.57},
            **{'held_out_gain': {'value': 0.0}, 'held_out_gain_of_steps': {'value': 0.03}},
        },
    },
    'demo_seconds': 432.1,
}


@pytest.fixture
def tools(tmp_path, monkeypatch):
    """Return a maker of tools from lines of Python."""
    monkeypatch.setattr(_demo_steps, 'ROOT', tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'tools').mkdir()

    def make(name: str, code: str) -> str:
        (tmp_path / 'tools' / name).write_text(code)
        return name

    return make


@pytest.mark.fast
def test_a_step_prints_what_one_would_type(tools, tmp_path, capfd):
    name = tools('echo.py', 'import sys; print(sys.argv[1:])')
    Steps().call(name, '--out', str(tmp_path / 'a' / 'b'))
    assert capfd.readouterr().out == "\n$ python tools/echo.py --out a/b\n['--out', 'a/b']\n"


@pytest.mark.fast
@pytest.mark.parametrize(('given', 'expected'), [(None, '3'), ('1', '1')], ids=['share-of-the-cores', 'as-told'])
def test_threads(tools, tmp_path, monkeypatch, given, expected):
    monkeypatch.delenv('OMP_NUM_THREADS', raising=False)
    if given:
        monkeypatch.setenv('OMP_NUM_THREADS', given)
    log = tmp_path / 'log'
    Steps(log, threads=3).call(tools('threads.py', "import os; print(os.environ['OMP_NUM_THREADS'])"))
    assert log.read_text().splitlines()[-1] == expected


@pytest.mark.fast
def test_a_failure_ends_the_line_with_its_code(tools, tmp_path, capsys):
    bad = tools('bad.py', 'raise SystemExit("error: no luck")')
    line = Beside(lambda steps: steps.call(bad), Steps(tmp_path / 'log'))
    line.start()
    with pytest.raises(StepFailed) as failed:
        line.result()
    assert failed.value.code == 1
    assert 'error: no luck' in capsys.readouterr().err


@pytest.mark.fast
def test_the_outcome_of_a_line(tools, tmp_path):
    line = Beside(lambda steps: steps.call(tools('good.py', '')) or 7, Steps(tmp_path / 'log'))
    line.start()
    assert line.result() == 7


def test_a_line_that_is_stopped_begins_nothing_more(tools, tmp_path, capsys):
    def work(steps):
        steps.call(tools('long.py', SLEEP))
        pytest.fail('went on')

    line = Beside(work, Steps(tmp_path / 'log'))
    line.start()
    while line.steps.process is None:
        time.sleep(0.01)
    line.steps.stop()
    line.join(20)
    assert not line.is_alive() and line.code == -signal.SIGTERM
    with pytest.raises(StepFailed):
        line.steps.call('long.py')
    with pytest.raises(StepFailed):
        line.result()
    assert capsys.readouterr().err == ''  # nobody need be told of what was asked for


@pytest.mark.fast
def test_the_table_at_the_end(capsys):
    demo.show(SUMMARY)
    lines = capsys.readouterr().out.splitlines()[1:]
    assert [line.split() for line in lines[1:4]] == [
        ['htc', '0.5000', '0.5200', '+0.0200', '0.4000', '0.4100', '300'],
        ['fusion', 'of', 'both', '0.5000', '0.5200', '+0.0200', '0.4000', '0.4100'],
        ['its', 'gain,', 'held', 'out', '+0.0100', '+0.0000'],
    ]
    assert lines[4] == '30 pseudo labels on 18 pictures, 76% of them right: data/train_pseudo.json'
    assert lines[7].split() == ['deeplab', '0.5100', '0.5300', '+0.0200', '0.6000', '0.3000', '250']
    assert [line.split() for line in lines[8:13]] == [
        ['vote', 'of', 'both', '0.5200', '0.5400', '+0.0200'],
        ['its', 'gain,', 'held', 'out', '+0.0100', '+0.0000'],
        ['the', 'vote', 'with', 'CRF', '0.5500', '0.5600'],
        ['the', 'vote', 'with', 'rescue', '0.5700'],
        ['its', 'gain,', 'held', 'out', '+0.0200', '+0.0300'],
    ]
    assert lines[11].index('0.5700') == lines[10].index('0.5600')
    assert lines[13].startswith('432 s; pictures in ')


@pytest.mark.slow
def test_the_whole_way(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(demo, 'DATA', tmp_path / 'data' / 'synthetic')
    monkeypatch.setattr(demo, 'OUT', tmp_path / 'work_dirs' / 'demo')
    monkeypatch.setattr(demo, 'PICTURES', '--train 16 --val 8 --test 3 --size 96 --frequencies flat')
    assert demo.main([]) == 0
    summary = json.loads((demo.OUT / 'summary.json').read_text())
    assert list(summary['models']) == list(demo.DETECTORS)
    assert summary['fusion']['held_out_gain']['value'] >= 0 <= summary['fusion']['held_out_gain_with_tta']['value']
    assert {'mAP50', 'segm_mAP50', 'tta', 'tta_gain'} <= set(summary['fusion'])
    assert (demo.OUT / 'predictions.jpg').is_file() and (demo.DATA / 'train_pseudo.json').is_file()
    assert (demo.OUT / 'segmentation.jpg').is_file() and summary['segmenters'].keys() == set(demo.SEGMENTERS)
    assert (demo.OUT / 'beside.log').read_text().count('finished, see') == 2
    assert summary['vote']['steps']['vote'] > 0 < summary['vote']['tta']['steps']['vote']
    assert demo.main([]) == 0  # again: nothing is trained twice
    again = json.loads((demo.OUT / 'summary.json').read_text())
    assert all(model['resumed'] for kind in ('models', 'segmenters') for model in again[kind].values())
    assert {name: one['mAP50'] for name, one in again['models'].items()} == {
        name: one['mAP50'] for name, one in summary['models'].items()
    }
    capfd.readouterr()


@pytest.mark.slow
def test_what_fails_on_the_terminal_ends_what_runs_beside_it(tmp_path):
    code = (
        'import sys\nfrom pathlib import Path\nfrom tools import demo\n'
        f'demo.DATA, demo.OUT = Path({str(tmp_path / "data")!r}), Path({str(tmp_path / "runs")!r})\n'
        "demo.PICTURES = '--train 4 --val 2 --test 2 --size 96'\n"
        "demo.LINES = (('no_such',), ('cascade_mask_rcnn_swin',))\n"
        'sys.exit(demo.main([]))'
    )
    ended = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, timeout=300)
    assert ended.returncode == 2 and 'no such config' in ended.stderr
    assert not (tmp_path / 'runs' / 'cascade_mask_rcnn_swin' / 'best.pth').exists()
