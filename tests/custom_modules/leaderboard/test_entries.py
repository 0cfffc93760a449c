"""What is found under a folder of runs, what it is called, and on which json it is."""

import json
import shutil

import pytest

from custom_modules.leaderboard import DETECTION, entries_on, find_entries, splits

from .conftest import GLASS, PAPER

pytestmark = pytest.mark.fast


def test_predictions_validations_and_fusions_are_found(tmp_path, ann, add_run, add_fusion, add_validation):
    run = add_run('demo/htc', [PAPER], seed=3)
    add_run('demo/htc', [PAPER], seed=3, file='val_tta', tta={'scales': [0.5, 1.0], 'flips': ['none', 'horizontal']})
    add_fusion('val', [run / 'predictions' / 'val.json'], [PAPER, GLASS])
    add_validation('trained', best=0.5, last=0.4)
    (run / 'state.json').write_text('{"best": 0.5}')  # its predictions say more
    shutil.copytree(run.parents[1] / 'trained' / 'val', run / 'val')
    (add_run('strange') / 'state.json').write_text('{}')
    found = {entry.name: entry for entry in find_entries(tmp_path / 'work_dirs')}
    assert {name: entry.kind for name, entry in found.items()} == {
        'demo/htc': 'model',
        'demo/htc/val_tta': 'TTA',
        'ensemble/val': 'fusion',
        'trained': 'validation',
    }
    assert found['demo/htc'].seed == 3 and found['ensemble/val'].seed is None
    assert found['demo/htc'].date == '2026-01-02 03:04:05'
    assert found['demo/htc'].views == 1 and found['demo/htc/val_tta'].views == (0.25 + 1) * 2
    assert found['ensemble/val'].members == (run / 'predictions' / 'val.json',)
    assert {entry.ann for entry in found.values()} == {ann}


def test_members_that_a_fusion_left_out_are_none_of_it(tmp_path, add_run, add_fusion):
    kept, left = (add_run(name, [PAPER]) / 'predictions' / 'val.json' for name in ('kept', 'left'))
    add_fusion('val', [kept], [PAPER], left_out=(left,))
    found = {entry.name: entry for entry in find_entries(tmp_path / 'work_dirs')}
    assert found['ensemble/val'].members == (kept,)


def test_the_json_with_most_entries_comes_first(tmp_path, ann, add_run):
    other = ann.with_name('test.json')
    other.write_text(ann.read_text())
    run = add_run('a', [PAPER])
    for name in ('b', 'c'):
        add_run(name, [PAPER], ann=str(other))
    add_run('d', [PAPER], ann=str(ann.with_name('gone.json')))
    entries = find_entries(tmp_path / 'work_dirs')
    assert splits(entries) == [(other, 2), (ann, 1)]
    assert [entry.run for entry in entries_on(entries, ann)[DETECTION]] == [run]


@pytest.mark.parametrize('notes', ['', '[]', '{"ann": null}', '{"ann": ', '{}'], ids=repr)
def test_notes_that_say_nothing_are_passed_over(tmp_path, add_run, notes):
    run = add_run('a', [PAPER])
    (run / 'predictions' / 'val.run.json').write_text(notes)
    assert find_entries(tmp_path / 'work_dirs') == []


def test_a_checkpoint_from_elsewhere_has_no_run(tmp_path, add_run):
    add_run('a', [PAPER], checkpoint='/nowhere/x.pth')
    (entry,) = find_entries(tmp_path / 'work_dirs')
    assert entry.run is None and entry.seed is None


def test_a_run_without_its_config_is_still_there(tmp_path, add_run):
    run = add_run('a', [PAPER])
    (run / 'config.py').write_text('import os')
    (entry,) = find_entries(tmp_path / 'work_dirs')
    assert entry.seed is None and json.loads(entry.file.read_text()) == [PAPER]
