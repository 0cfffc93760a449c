"""tools/leaderboard.py from a folder of runs to the table and the page."""

import json
import shutil
import subprocess
import sys

import pytest

from custom_modules.utils import UserError
from tools import ROOT
from tools import test as test_tool
from tools._run_facts import base_of, facts, source_of
from tools.leaderboard import main

DEMO = ROOT / 'configs' / 'demo'


@pytest.fixture(scope='module')
def work_dirs(trained_htc, htc, synthetic_root, tmp_path_factory):
    """A run with predictions and another that was only trained."""
    folder = tmp_path_factory.mktemp('work_dirs')
    for name in ('tested', 'trained'):
        shutil.copytree(trained_htc, folder / name, ignore=shutil.ignore_patterns('predictions'))  # of other tests
    assert test_tool.main([htc, str(folder / 'tested' / 'best.pth'), '--data-root', str(synthetic_root)]) == 0
    return folder


def test_from_runs_to_the_page(work_dirs, synthetic_root, capsys, monkeypatch):
    monkeypatch.setenv('COLUMNS', '160')  # tests that run in several processes are told of 80
    assert main(['--work-dirs', str(work_dirs)]) == 0
    said = capsys.readouterr().out
    assert f'2 entries on {synthetic_root / "val.json"}' in said
    figures = json.loads((work_dirs / 'tested' / 'predictions' / 'val.metrics.json').read_text())
    lines = [line.split() for line in said.splitlines() if ' tested ' in line]
    assert lines[0][2:4] == ['model', f'{figures["scores"]["mAP50"]:.4f}']
    assert lines[0][5:8] == ['5.40', '3.63', '0']  # M parameters, GFLOPs, seed
    assert 'cascade_mask_rcnn_swin: ' in said and ' trained ' in said
    assert 'tested' in (work_dirs / 'leaderboard.html').read_text()


def test_segmenters_have_a_board_of_their_own(work_dirs, synthetic_root, tmp_path, capsys):
    """Of the same pictures: by mIoU, from the figures beside the probabilities, on a page of their own."""
    shutil.copytree(work_dirs, tmp_path / 'work_dirs')
    folder = tmp_path / 'work_dirs' / 'upernet' / 'predictions'
    (folder / 'val.probs').mkdir(parents=True)
    (folder / 'val.run.json').write_text(json.dumps({'ann': str(synthetic_root / 'val.json')}))
    figures = {'mIoU': 0.512345, 'mIoU_per_image': 0.25, 'classes': [{'class': 'Background', 'IoU': 0.9}]}
    (folder / 'val.metrics.json').write_text(json.dumps({'details': [figures]}))
    assert main(['--work-dirs', str(tmp_path / 'work_dirs'), '--no-costs']) == 0
    said = capsys.readouterr().out
    detectors, segmenters = said.split('1 entries of segmenters on')
    assert ' tested ' in detectors and ' upernet ' not in detectors
    line = next(line for line in segmenters.splitlines() if ' upernet ' in line)
    assert line.split()[2:5] == ['model', '0.5123', '0.2500']
    assert 'mIoU_per_image' in segmenters and '(0) Background' in segmenters
    assert 'mIoU' in (tmp_path / 'work_dirs' / 'leaderboard_segmentation.html').read_text()
    assert 'mAP50' in (tmp_path / 'work_dirs' / 'leaderboard.html').read_text()


def test_facts_are_worked_out_once(work_dirs, capsys, monkeypatch):
    assert main(['--work-dirs', str(work_dirs), '--html', str(work_dirs / 'page.html')]) == 0
    first = capsys.readouterr().out
    monkeypatch.setattr(subprocess, 'Popen', lambda *args, **options: pytest.fail('worked out again'))
    assert main(['--work-dirs', str(work_dirs), '--html', str(work_dirs / 'page.html')]) == 0
    assert capsys.readouterr().out == first


def test_a_run_says_what_it_changes(work_dirs):
    found = facts(work_dirs / 'tested', costs=False)
    assert found['base'] == 'configs/demo/cascade_mask_rcnn_swin.py'
    assert 'model.type=HybridTaskCascade' in found['differences']
    assert 'train_cfg.max_epochs=1' in found['differences']
    assert not any('num_classes' in one or 'ann_file' in one for one in found['differences'])


@pytest.mark.fast
@pytest.mark.parametrize(
    ('config', 'base'),
    [
        pytest.param(DEMO / 'htc_swin.py', DEMO / 'cascade_mask_rcnn_swin.py', id='a-config-on-another'),
        pytest.param(DEMO / 'dino_swin.py', DEMO / 'dino_swin.py', id='a-config-of-blocks'),
        pytest.param(ROOT / 'benchmarks' / 'ensemble' / 'htc_swin.py', DEMO / 'htc_swin.py', id='first-of-two'),
        pytest.param(None, None, id='unknown'),
    ],
)
def test_base(config, base):
    assert base_of(config) == base


@pytest.mark.fast
@pytest.mark.parametrize(
    ('config', 'found'),
    [
        pytest.param(str(DEMO / 'htc_swin.py'), DEMO / 'htc_swin.py', id='there'),
        pytest.param('/gone/zoo/configs/demo/htc_swin.py', DEMO / 'htc_swin.py', id='of-another-clone'),
        pytest.param('/gone/zoo/configs/demo/other.py', None, id='gone'),
        pytest.param(None, None, id='not-named'),
    ],
)
def test_source(tmp_path, config, found):
    (tmp_path / 'run.json').write_text(json.dumps({'config': config}))
    assert source_of(tmp_path) == found


@pytest.mark.fast
def test_mistakes(tmp_path, synthetic_root):
    with pytest.raises(UserError, match='no such folder'):
        main(['--work-dirs', str(tmp_path / 'none')])
    with pytest.raises(UserError, match=r'first run python tools/test\.py'):
        main(['--work-dirs', str(tmp_path)])


def test_a_json_without_entries_or_answers_is_refused(work_dirs, synthetic_root, tmp_path):
    with pytest.raises(UserError, match=r'nothing was predicted on it; there are entries on .*val\.json \(2\)'):
        main(['--work-dirs', str(work_dirs), '--ann', str(synthetic_root / 'train.json')])
    run = tmp_path / 'work_dirs' / 'a' / 'predictions'
    run.mkdir(parents=True)
    (run / 'test.json').write_text('[]')
    (run / 'test.run.json').write_text(json.dumps({'ann': str(synthetic_root / 'test.json')}))
    with pytest.raises(UserError, match='no answers'):
        main(['--work-dirs', str(tmp_path / 'work_dirs')])
    with pytest.raises(UserError, match='has no answers'):
        main(['--work-dirs', str(tmp_path / 'work_dirs'), '--ann', str(synthetic_root / 'test.json')])


def test_starts_without_the_stack():
    code = (
        "import sys, runpy; sys.argv = ['x', '--work-dirs', 'nowhere']\n"
        "try: runpy.run_path('tools/leaderboard.py', run_name='__main__')\n"
        'except SystemExit: pass\n'
        "assert 'torch' not in sys.modules and 'mmengine' not in sys.modules"
    )
    subprocess.run([sys.executable, '-c', code], cwd=ROOT, check=True, capture_output=True)
