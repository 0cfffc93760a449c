"""Runs and the predictions they made."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from custom_modules.pseudo_label.runs import are_current, newest_run, run_of


@pytest.fixture
def run(tmp_path):
    """Make a run's folder with a checkpoint of some age."""

    def make(name: str, age: int, kind: str = 'TrashDetDataset', **options) -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True)
        (folder / 'run.json').write_text(json.dumps({'options': options, 'fold': None}))
        (folder / 'config.py').write_text(f"dataset = dict(type='{kind}')")
        (folder / 'best.pth').write_bytes(name.encode())
        os.utime(folder / 'best.pth', (1e9 - age, 1e9 - age))
        return folder / 'best.pth'

    return make


def test_the_newest_detector_is_found_at_any_depth(run, tmp_path):
    assert newest_run(tmp_path) is None
    run('old', age=30)
    newest = run('demo/htc', age=20, data_root='data/x', train_ann='train_pseudo.json')
    run('segmenter', age=10, kind='TrashSegDataset')
    (tmp_path / 'best.pth').write_bytes(b'of no run')
    found = newest_run(tmp_path)
    assert (found.checkpoint, found.config) == (newest, newest.with_name('config.py'))
    assert (found.data_root, found.train_ann, found.on_fold) == ('data/x', 'train_pseudo.json', False)
    assert run_of(tmp_path / 'best.pth') is None


@pytest.mark.parametrize(
    ('change', 'current'),
    [
        pytest.param({}, True, id='same'),
        pytest.param({'tta': {'scales': [1]}}, False, id='augmented'),
        pytest.param({'ann': '/elsewhere/test.json'}, False, id='other-data'),
        pytest.param({'checkpoint_sha256': '0'}, False, id='trained-on'),
    ],
)
def test_predictions_are_used_again_only_where_nothing_changed(run, tmp_path, change, current):
    checkpoint, ann, out = run('run', age=0), tmp_path / 'test.json', tmp_path / 'predictions' / 'test.json'
    ann.write_text('{}')
    assert not are_current(out, checkpoint, ann, tta=False)
    out.parent.mkdir()
    out.write_text('[]')
    assert not are_current(out, checkpoint, ann, tta=False)  # nothing says what made them
    sha256 = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    notes = {'ann': str(ann), 'tta': None, 'checkpoint_sha256': sha256, **change}
    out.with_suffix('.run.json').write_text(json.dumps(notes))
    assert are_current(out, checkpoint, ann, tta=False) is current
    os.utime(ann, (2e9, 2e9))
    assert not are_current(out, checkpoint, ann, tta=False)
