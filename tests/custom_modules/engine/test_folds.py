"""A run on a fold reads that fold's files and is not mistaken for a run on another."""

import json

import pytest

from custom_modules.engine.folds import check_same_fold, fold_files, fold_of_run, seen_by_start, validation_json
from custom_modules.engine.work_dir import claim_folder, is_finished, note_finished, run_folder
from custom_modules.utils import UserError


@pytest.fixture
def root(tmp_path):
    """A data root with two folds, the second without Glass."""
    folds = {
        'version': 1,
        'source': 'train_all.json',
        'num_folds': 2,
        'settings': {},
        'assignment_id': 'abc',
        'warnings': {'1': ['fold 1 has no Glass to validate on']},
        'images': [{'id': 1, 'file_name': '1.jpg', 'fold': 0, 'group': 0}],
    }
    (tmp_path / 'data' / 'folds').mkdir(parents=True)
    (tmp_path / 'data' / 'folds' / 'folds.json').write_text(json.dumps(folds))
    return tmp_path / 'data'


def run_of(folder, fold):
    """A folder whose run.json says it trained on a fold."""
    folder.mkdir()
    (folder / 'run.json').write_text(json.dumps({'fold': fold}))
    return folder


@pytest.mark.fast
def test_a_fold_brings_its_files_and_says_what_it_lacks(root):
    files = fold_files(root, 1)
    assert (files.train_ann, files.val_ann) == ('folds/train_1.json', 'folds/val_1.json')
    assert files.notes == (f'fold 1 of 2, {root}/folds', 'fold 1 has no Glass to validate on')


@pytest.mark.fast
@pytest.mark.parametrize(
    ('fold', 'train_ann', 'message'),
    [
        pytest.param(2, None, '--fold 2: .* has the folds 0 to 1', id='no such fold'),
        pytest.param(0, 'train.json', '--fold 0 --train-ann train.json: .* leave one out', id='a json beside it'),
    ],
)
def test_mistakes(root, fold, train_ann, message):
    with pytest.raises(UserError, match=message):
        fold_files(root, fold, train_ann)


@pytest.mark.fast
def test_no_folds_yet(tmp_path):
    with pytest.raises(UserError, match=f'has no folds; make them: python tools/kfold.py --data-root {tmp_path}'):
        fold_files(tmp_path, 0)


@pytest.mark.fast
def test_the_same_fold_goes_on(root, tmp_path):
    files = fold_files(root, 1)
    check_same_fold(run_of(tmp_path / 'run', files.facts()), files)
    check_same_fold(run_of(tmp_path / 'older', None), None)
    check_same_fold(tmp_path / 'nothing', files)


@pytest.mark.fast
def test_a_run_on_all_pictures_does_not_become_one_on_a_fold(root, tmp_path):
    with pytest.raises(UserError, match='was not trained on a fold, .* that validate fold 1; resume without --fold'):
        check_same_fold(run_of(tmp_path / 'whole', None), fold_files(root, 1))


@pytest.mark.fast
@pytest.mark.parametrize(
    ('change', 'now', 'message'),
    [
        pytest.param({}, 0, 'was trained on fold 1; resume with --fold 1', id='another fold'),
        pytest.param({}, None, 'was trained on fold 1; resume with --fold 1', id='no fold'),
        pytest.param({'assignment_id': 'xyz'}, 1, 'made anew since', id='other folds'),
    ],
)
def test_other_pictures_are_refused(root, tmp_path, change, now, message):
    run = run_of(tmp_path / 'run', {**fold_files(root, 1).facts(), **change})
    with pytest.raises(UserError, match=message):
        check_same_fold(run, None if now is None else fold_files(root, now))


@pytest.mark.fast
def test_a_checkpoint_is_validated_on_its_own_fold(root, tmp_path):
    run = run_of(tmp_path / 'run', fold_files(root, 1).facts())
    assert validation_json(run / 'best.pth') == 'folds/val_1.json'
    assert validation_json(run_of(tmp_path / 'whole', None) / 'best.pth') == 'val.json'
    assert validation_json(tmp_path / 'best.pth') == 'val.json'
    (run / 'run.json').write_text('edited by hand')
    assert fold_of_run(run) is None


@pytest.mark.fast
def test_a_run_is_finished_until_it_trains_on(tmp_path):
    assert not is_finished(tmp_path)
    claim_folder(tmp_path / 'run', {})
    assert not is_finished(tmp_path / 'run')
    note_finished(tmp_path / 'run')
    assert is_finished(tmp_path / 'run')


@pytest.mark.fast
def test_each_fold_has_a_folder():
    assert run_folder('configs/trash/htc_swin_b.py', None, 0).name == 'htc_swin_b_fold0'
    assert run_folder('configs/trash/htc_swin_b.py', 'here', 0).name == 'here'


@pytest.mark.fast
def test_a_start_from_another_fold_is_told(root, tmp_path):
    """Its weights have seen the pictures that are to judge them."""
    files = fold_files(root, 1)
    other = run_of(tmp_path / 'fold0', fold_files(root, 0).facts()) / 'best.pth'
    own = run_of(tmp_path / 'fold1', files.facts()) / 'best.pth'
    for path in (other, own):
        path.touch()
    (line,) = seen_by_start(other, files)
    assert 'was trained on fold 0' in line and 'fold 1' in line
    assert seen_by_start(own, files) == seen_by_start(None, files) == []
