"""All folds in one command: trained, predicted, merged, scored; and gone on with after a crash."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from custom_modules.datasets import load_coco
from custom_modules.datasets.folds import read_folds
from custom_modules.datasets.label_maps import LabelMaps
from custom_modules.ensemble import open_probs, write_probs
from custom_modules.utils import UserError
from tools import _train_folds, kfold, merge_folds, train

ROOT = Path(__file__).resolve().parents[2]
CASCADE = str(ROOT / 'configs' / 'demo' / 'cascade_mask_rcnn_swin.py')
UPERNET = str(ROOT / 'configs' / 'demo' / 'upernet_swin.py')
SCRIPT = str(ROOT / 'tools' / 'train_folds.sh')


@pytest.fixture(scope='module')
def data_root(synthetic_root, tmp_path_factory) -> Path:
    """Sixteen pictures in two folds."""
    folder = tmp_path_factory.mktemp('folds') / 'data'
    shutil.copytree(synthetic_root, folder)
    assert kfold.main(['--data-root', str(folder), '--ann', 'train.json', '--folds', '2']) == 0
    return folder


def perfect_run(data_root, folder, fold):
    """The folder of a finished run whose predictions are the objects themselves."""
    folds = read_folds(data_root)
    (folder / 'predictions').mkdir(parents=True)
    (folder / 'best.pth').touch()
    facts = {'number': fold, 'assignment_id': folds.assignment_id}
    (folder / 'run.json').write_text(json.dumps({'fold': facts, 'finished': 'today'}))
    objects = json.loads((data_root / 'folds' / f'val_{fold}.json').read_text())['annotations']
    keys = ('image_id', 'category_id', 'bbox')
    found = [{**{key: record[key] for key in keys}, 'score': 0.5} for record in objects]
    (folder / 'predictions' / f'val_{fold}.json').write_text(json.dumps(found))


def perfect_segmenter(data_root, folder, fold, sure):
    """The folder of a finished run of a segmenter that is right everywhere, with this probability on test.json."""
    perfect_run(data_root, folder, fold)
    for name, answers, confidence in ((f'val_{fold}', f'folds/val_{fold}', 1.0), ('test', 'test_answers', sure)):
        maps = LabelMaps(load_coco(data_root / f'{answers}.json', data_root, check_images=False))
        count = len(maps.classes)
        table = np.full((count, count), (1 - confidence) / (count - 1), np.float32)
        np.fill_diagonal(table, confidence)
        names = {image['id']: image['file_name'] for image in maps.coco.images}
        pictures = ((one, names[one], table[maps[one]].transpose(2, 0, 1)) for one in maps.image_ids)
        write_probs(folder / 'predictions' / f'{name}.probs', maps.classes, pictures)
    notes = {'ann': str(data_root / 'test.json')}
    (folder / 'predictions' / 'test.run.json').write_text(json.dumps(notes))


@pytest.fixture
def segmenters(data_root, tmp_path):
    """The same of segmenters."""
    for fold in range(2):
        perfect_segmenter(data_root, tmp_path / f'run_fold{fold}', fold, (0.6, 0.8)[fold])
    return tmp_path / 'run', ['--data-root', str(data_root), '--work-dir', str(tmp_path / 'run')]


@pytest.mark.fast
def test_probabilities_are_merged_scored_and_averaged(data_root, segmenters, capsys):
    base, options = segmenters
    assert _train_folds.main([UPERNET, '1', *options]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-3:] == ['fold 0: mIoU 1.0000, 8 pictures', 'fold 1: mIoU 1.0000, 8 pictures', 'mIoU 1.000000']
    folder = Path(f'{base}_oof/predictions')
    merged, whole = open_probs(folder / 'train.probs'), load_coco(data_root / 'train.json')
    assert merged.image_ids == tuple(image['id'] for image in whole.images)
    maps = LabelMaps(whole)
    assert all(np.array_equal(merged.labels(one), maps[one]) for one in merged)
    mean, answers = open_probs(folder / 'test.probs'), LabelMaps(load_coco(data_root / 'test_answers.json'))
    assert mean.image_ids == answers.image_ids
    for one in mean:
        assert np.array_equal(mean.labels(one), answers[one])
        assert mean[one].max(0) == pytest.approx(0.7, abs=1 / 255)
    figures = json.loads((folder / 'train.metrics.json').read_text())
    assert (figures['scores']['mIoU'], len(figures['folds'])) == (1, 2)
    assert json.loads((folder / 'train.run.json').read_text())['num_pictures'] == 16
    assert json.loads((folder / 'test.run.json').read_text())['ann'] == str(data_root / 'test.json')


@pytest.mark.parametrize(
    ('damage', 'message'),
    [
        pytest.param(lambda base: shutil.rmtree(f'{base}_fold1/predictions/val_1.probs'), 'no predictions', id='none'),
        pytest.param(
            lambda base: shutil.copytree(
                f'{base}_fold1/predictions/val_1.probs', f'{base}_fold0/predictions/val_0.probs', dirs_exist_ok=True
            ),
            'predictions of fold 0 are about image',
            id='of another fold',
        ),
        pytest.param(
            lambda base: write_probs(f'{base}_fold1/predictions/val_1.probs', ['a', 'b'], []),
            'other classes',
            id='classes',
        ),
    ],
)
def test_probabilities_that_do_not_belong_are_refused(segmenters, damage, message):
    base, options = segmenters
    damage(base)
    with pytest.raises(UserError, match=message):
        merge_folds.main([UPERNET, *options])
    assert not Path(f'{base}_oof').exists()


def test_averages_of_other_pictures_are_refused(segmenters):
    base, options = segmenters
    shutil.copytree(f'{base}_fold1/predictions/val_1.probs', f'{base}_fold1/predictions/test.probs', dirs_exist_ok=True)
    with pytest.raises(UserError, match='_fold1/predictions/test.probs: has other pictures than .*_fold0/pred'):
        merge_folds.main([UPERNET, *options])


@pytest.fixture
def runs(data_root, tmp_path):
    """What the folders of two finished folds begin with, and the options that say so."""
    for fold in range(2):
        perfect_run(data_root, tmp_path / f'run_fold{fold}', fold)
    return tmp_path / 'run', ['--data-root', str(data_root), '--work-dir', str(tmp_path / 'run')]


def test_merged_predictions_have_the_ids_of_the_whole_json(data_root, runs, capsys):
    base, options = runs
    assert merge_folds.main([CASCADE, *options]) == 0
    merged = json.loads(Path(f'{base}_oof/predictions/train.json').read_text())
    whole = json.loads((data_root / 'train.json').read_text())
    assert {record['image_id'] for record in merged} == {record['image_id'] for record in whole['annotations']}
    assert len(merged) == len(whole['annotations'])
    lines = capsys.readouterr().out.splitlines()
    assert lines[-3:] == ['fold 0: mAP50 1.0000, 8 pictures', 'fold 1: mAP50 1.0000, 8 pictures', 'mAP50 1.000000']
    figures = json.loads(Path(f'{base}_oof/predictions/train.metrics.json').read_text())
    assert figures['scores']['mAP50'] == pytest.approx(1) and len(figures['folds']) == 2
    assert Path(f'{base}_oof/val/per_class.csv').is_file()
    notes = json.loads(Path(f'{base}_oof/predictions/train.run.json').read_text())
    assert (notes['ann'], notes['folds'], notes['num_pictures']) == (str((data_root / 'train.json').resolve()), 2, 16)


def test_finished_folds_are_only_merged(runs, capfd):
    _, options = runs
    assert _train_folds.main([CASCADE, '1', *options]) == 0
    told = capfd.readouterr().out
    assert 'fold 0 is finished' in told and 'fold 1 is finished' in told and '$' not in told
    assert told.splitlines()[-1] == 'mAP50 1.000000'


def test_folds_are_merged_where_the_config_s_options_have_them(data_root, runs, capfd):
    base, _ = runs
    options = ['--work-dir', str(base), '--cfg-options', f'data_root={data_root}']
    assert _train_folds.main([CASCADE, '1', *options]) == 0
    assert capfd.readouterr().out.splitlines()[-1] == 'mAP50 1.000000'


@pytest.mark.parametrize(
    ('damage', 'message'),
    [
        pytest.param(
            lambda base: Path(f'{base}_fold1/predictions/val_1.json').unlink(), 'no predictions yet', id='none'
        ),
        pytest.param(
            lambda base: shutil.copy(f'{base}_fold1/predictions/val_1.json', f'{base}_fold0/predictions/val_0.json'),
            'predictions of fold 0 are about image',
            id='of another fold',
        ),
        pytest.param(
            lambda base: Path(f'{base}_fold0/run.json').write_text('{"fold": {"assignment_id": "other"}}'),
            'made anew since',
            id='of other folds',
        ),
    ],
)
def test_predictions_that_do_not_belong_are_refused(runs, damage, message):
    base, options = runs
    damage(base)
    with pytest.raises(UserError, match=message):
        merge_folds.main([CASCADE, *options])
    assert not Path(f'{base}_oof').exists()


@pytest.mark.fast
@pytest.mark.parametrize(
    ('options', 'message'),
    [
        pytest.param(['--fold', '1'], '--fold 1: tools/train_folds.sh trains all folds', id='one fold'),
        pytest.param(['--train-ann', 'x.json'], '--train-ann x.json: tools/train_folds.sh', id='a json'),
        pytest.param(['--resume', 'x.pth'], '--resume x.pth: tools/train_folds.sh resumes each', id='a checkpoint'),
        pytest.param(['--unknown'], 'unrecognized arguments: --unknown', id='unknown option'),
    ],
)
def test_wrong_options(options, message, capsys):
    with pytest.raises(SystemExit) as caught:
        _train_folds.main([CASCADE, '1', *options])
    assert caught.value.code == 2 and message in capsys.readouterr().err


@pytest.mark.fast
@pytest.mark.parametrize(('arguments', 'code'), [([], 2), ([CASCADE], 2), (['--help'], 0)])
def test_usage(arguments, code, capsys):
    with pytest.raises(SystemExit) as caught:
        _train_folds.main(arguments)
    assert caught.value.code == code and 'usage: tools/train_folds.sh CONFIG GPUS' in capsys.readouterr().err


@pytest.mark.fast
@pytest.mark.parametrize('is_there', [True, False], ids=['started', 'new'])
def test_a_started_fold_is_resumed_and_a_new_one_is_not(monkeypatch, tmp_path, is_there):
    calls = []
    monkeypatch.setattr(_train_folds, 'call', lambda *command: calls.append(command))
    folder = tmp_path / 'run_fold1'
    if is_there:
        folder.mkdir()
    _, options, args = _train_folds.parse_args([CASCADE, '1', '--seed', '3'])
    _train_folds.train_fold('1', options, args, folder, 1, 0.5)
    assert ('--resume' in calls[0]) is is_there
    assert calls[0][3:9] == ('--seed', '3', '--fold', '1', '--work-dir', folder)


@pytest.mark.fast
def test_several_machines_are_refused(monkeypatch, capsys):
    monkeypatch.setenv('NNODES', '2')
    with pytest.raises(SystemExit):
        _train_folds.main([CASCADE, '1'])
    assert 'works on one machine' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        pytest.param(['--fold', '0', '--train-ann', 'train.json'], 'leave one out', id='a json beside a fold'),
        pytest.param(['--fold', '2'], '--fold 2: .* has the folds 0 to 1', id='no such fold'),
        pytest.param(
            ['--fold', '0', '--data-root', str(ROOT / 'configs')], 'make them: python tools/kfold', id='no folds'
        ),
    ],
)
def test_training_on_a_fold_that_is_none(data_root, tmp_path, options, message):
    with pytest.raises(UserError, match=message):
        train.main([CASCADE, '--data-root', str(data_root), '--work-dir', str(tmp_path / 'run'), *options])
    assert not (tmp_path / 'run').exists()


def descendants(pid: int) -> list[int]:
    """Process ids of a process's children, and of theirs."""
    tasks = Path(f'/proc/{pid}/task')
    children = [int(child) for path in tasks.glob('*/children') for child in path.read_text().split()]
    return children + [pid for child in children for pid in descendants(child)]


def crash(process: subprocess.Popen) -> None:
    """End a process and all it has started, at once."""
    for pid in [process.pid, *descendants(process.pid)]:
        os.kill(pid, signal.SIGKILL)
    process.wait()


@pytest.mark.slow
def test_killed_in_the_second_fold_and_started_again(data_root, tmp_path):
    """Crash inside fold 1: fold 0 is left alone, fold 1 goes on from its checkpoint, all of it is scored once."""
    base = tmp_path / 'run'
    options = ['--data-root', str(data_root), '--work-dir', str(base), '--load-from', 'none', '--cfg-options']
    quick = ['total_batch_size=4', 'train_cfg.max_epochs=2', 'train_cfg.val_interval=1']
    schedule = ['param_scheduler.1.T_max=2', 'param_scheduler.1.end=2']
    command = [SCRIPT, CASCADE, '1', *options, *quick, *schedule]
    with open(tmp_path / 'log', 'w') as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        limit = time.monotonic() + 1500
        while not Path(f'{base}_fold1/last.pth').is_file():
            assert process.poll() is None and time.monotonic() < limit, (tmp_path / 'log').read_text()
            time.sleep(0.2)
        crash(process)
    first = Path(f'{base}_fold0/last.pth').stat().st_mtime
    done = subprocess.run(command, capture_output=True, text=True, timeout=1500)
    assert done.returncode == 0, done.stderr
    assert 'fold 0 is finished' in done.stdout and f'resuming {base}_fold1/last.pth' in done.stdout + done.stderr
    assert Path(f'{base}_fold0/last.pth').stat().st_mtime == first
    for fold in range(2):
        meta = torch.load(f'{base}_fold{fold}/last.pth', weights_only=True)['meta']
        assert (meta['epoch'], meta['iter'], meta['num_images']) == (2, 4, 8)
    scored = json.loads(Path(f'{base}_oof/predictions/train.metrics.json').read_text())['scores']['mAP50']
    assert done.stdout.splitlines()[-1] == f'mAP50 {scored:.6f}'
    again = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert again.returncode == 0 and '$' not in again.stdout
    assert again.stdout.splitlines()[-1] == done.stdout.splitlines()[-1]
