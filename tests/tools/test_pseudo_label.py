"""The tool that labels pictures."""

import json
import shutil

import cv2
import pytest

from custom_modules.datasets import check_data_root, load_coco
from custom_modules.pseudo_label import is_pseudo
from custom_modules.utils import UserError
from tools import _pseudo_sources
from tools.pseudo_label import main


@pytest.fixture
def root(synthetic_root, tmp_path):
    """A data folder to write to; what the tests below find in val.json and test.json is right, with these scores."""
    folder = tmp_path / 'data'
    shutil.copytree(synthetic_root, folder)
    for name, answers, scores in (('val', 'val', [0.9]), ('test', 'test_answers', [0.95, 0.5, 0.1])):
        annotations = json.loads((folder / f'{answers}.json').read_text())['annotations']
        records = [
            {key: one[key] for key in ('image_id', 'category_id', 'bbox')} | {'score': scores[place % len(scores)]}
            for place, one in enumerate(annotations)
        ]
        (tmp_path / f'{name}.json').write_text(json.dumps(records))
    return folder


@pytest.mark.fast
def test_from_predictions(root, tmp_path, capsys):
    files = ['--predictions', str(tmp_path / 'test.json'), '--data-root', str(root)]
    assert main([*files, '--answers', 'test_answers.json']) == 0
    printed = capsys.readouterr().out
    train, _, warnings = check_data_root(root, 'train_pseudo.json')
    assert not any('train_pseudo' in line for line in warnings)
    labels = [one for one in train.annotations if is_pseudo(one) and not one['iscrowd']]
    assert {one['score'] for one in labels} == {0.95}
    report = json.loads((root / 'train_pseudo' / 'report.json').read_text())
    assert (report['labels'], report['real_precision'], report['round']) == (len(labels), 1.0, 1)
    assert report['arguments']['target_precision'] == 0.7
    assert f'train_pseudo.json: 16 real pictures and {len(train.images) - 16} with pseudo labels' in printed
    assert cv2.imread(str(root / 'train_pseudo' / 'labels.jpg')).shape[1] > 400
    first = (root / 'train_pseudo.json').read_bytes()
    assert main([*files, '--answers', 'test_answers.json', '--train-ann', 'train_pseudo.json']) == 0
    assert json.loads((root / 'train_pseudo.json').read_text())['images'] == json.loads(first)['images']


def test_fixed_threshold_and_limits(root, tmp_path):
    (tmp_path / 'val.json').unlink()
    out = root / 'fixed.json'
    options = ['--score-thr', '0.4', '--ignore-thr', '0.05', '--max-per-image', '1', '--out', str(out)]
    assert main(['--predictions', str(tmp_path / 'test.json'), '--data-root', str(root), *options]) == 0
    data = load_coco(out)
    new = [one for one in data.annotations if is_pseudo(one)]
    assert {one['score'] for one in new if not one['iscrowd']} <= {0.95, 0.5}
    assert len([one for one in new if not one['iscrowd']]) == len(data.images) - 16 <= 4


def test_labels_that_are_likely_to_be_wrong_are_warned_of(root, tmp_path, capsys):
    records = json.loads((tmp_path / 'val.json').read_text())
    for place, record in enumerate(records):
        record['bbox'] = [4 * place % 120, 0, 2, 2]
    (tmp_path / 'val.json').write_text(json.dumps(records))
    options = ['--predictions', str(tmp_path / 'test.json'), '--data-root', str(root), '--score-thr', '0.4']
    assert main(options) == 0
    printed = capsys.readouterr()
    assert printed.err.startswith('warning: of these labels only 0% are likely to be right, far below one half: raise')
    assert len(printed.err.splitlines()) == 1
    assert 'get neither label nor ignore region; such objects become background' in printed.out


def test_pictures_of_the_real_file_are_not_labelled_again(root, tmp_path, capsys):
    """The first test picture is in val.json too; of the training pictures none is labelled at all."""
    val, test = (json.loads((root / name).read_text()) for name in ('val.json', 'test.json'))
    image = {**test['images'][0], 'id': 999}
    (root / 'val.json').write_text(json.dumps({**val, 'images': [*val['images'], image]}))
    files = ['--predictions', str(tmp_path / 'test.json'), '--data-root', str(root)]
    assert main([*files, '--target-precision', '0.5']) == 0
    assert '1 pictures left out: in val.json' in capsys.readouterr().out
    assert image['file_name'] not in {one['file_name'] for one in load_coco(root / 'train_pseudo.json').images}
    with pytest.raises(UserError, match='all its pictures are in train.json'):
        main([*files, '--unlabelled', 'train.json'])


def test_from_a_checkpoint_and_from_the_newest_run(root, trained_htc, htc, capsys, monkeypatch, tmp_path):
    run = tmp_path / 'work_dirs' / 'htc'
    shutil.copytree(trained_htc, run, ignore=shutil.ignore_patterns('predictions'))
    common = ['--score-thr', '0.05', '--no-ignore', '--batch-size', '4']
    out = root / 'val.json'  # told before anything is predicted
    with pytest.raises(UserError, match='is not overwritten'):
        main([htc, str(run / 'best.pth'), '--data-root', str(root), *common, '--out', str(out)])
    assert not (run / 'predictions' / 'test.json').exists()
    assert main([htc, str(run / 'best.pth'), '--data-root', str(root), *common]) == 0
    assert f'predictions: {run / "predictions" / "test.json"}\n' in capsys.readouterr().out
    labels = [one for one in load_coco(root / 'train_pseudo.json').annotations if is_pseudo(one)]
    assert labels
    assert all(one['segmentation']['size'] == [128, 128] for one in labels if 'segmentation' in one)
    assert any('segmentation' in one for one in labels)
    notes = json.loads((run / 'run.json').read_text())
    assert notes['pseudo_round'] == 0
    notes['options'] |= {'data_root': str(root), 'train_ann': 'train_pseudo.json'}
    notes['pseudo_round'] = 1
    (run / 'run.json').write_text(json.dumps(notes))
    monkeypatch.setattr(_pseudo_sources, 'ROOT', tmp_path)
    assert main(common) == 0
    printed = capsys.readouterr().out
    assert f'newest detector: {run / "best.pth"}' in printed
    assert 'test.json, there already' in printed
    assert 'was itself trained on ' in printed
    assert 'pseudo labels of round 1: this is round 2, which replaces them' in printed
    assert main(common) == 0  # the same again: the model has not learnt more since
    assert 'with pseudo labels, round 2' in capsys.readouterr().out
    again = [one for one in load_coco(root / 'train_pseudo.json').annotations if is_pseudo(one)]
    assert [one['bbox'] for one in again] == [one['bbox'] for one in labels]
    assert {one['source']['pseudo'] for one in again} == {2}


def test_the_round_of_runs_that_do_not_say_what_they_have_learnt(root, tmp_path, capsys):
    """Labels of its own, which it cannot have been trained on, do not count."""
    run = tmp_path / 'run'
    run.mkdir()
    (run / 'run.json').write_text(json.dumps({'options': {'train_ann': 'train_pseudo.json'}}))
    for name in ('test', 'val'):
        notes = {'checkpoint': str(run / 'best.pth'), 'ann': str(root / f'{name}.json')}
        (tmp_path / f'{name}.run.json').write_text(json.dumps(notes))
    shutil.copy(root / 'train.json', root / 'train_pseudo.json')
    content = json.loads((root / 'train.json').read_text())
    for made_by, found in (('other.json', 4), (str(tmp_path / 'test.json'), 3), (str(tmp_path / 'test.json'), 3)):
        note = {'pseudo_labels': {'round': 3, 'predictions': [made_by]}}
        (root / 'train_pseudo.json').write_text(json.dumps(content | note))
        assert main(['--predictions', str(tmp_path / 'test.json')]) == 0
        assert f'round {found}\n' in capsys.readouterr().out


def test_labels_are_not_replaced_by_none(root, tmp_path, capsys):
    files = ['--predictions', str(tmp_path / 'test.json'), '--data-root', str(root)]
    assert main(files) == 0
    written = {path: path.read_bytes() for path in (root / 'train_pseudo.json', root / 'train_pseudo' / 'report.json')}
    assert main([*files, '--score-thr', '0.99']) == 1
    assert 'nothing written: ' in capsys.readouterr().out
    assert all(path.read_bytes() == content for path, content in written.items())
    (root / 'train_pseudo.json').unlink()
    assert main([*files, '--score-thr', '0.99']) == 0
    assert not (root / 'train_pseudo' / 'labels.jpg').exists()


def test_a_model_that_has_seen_the_answers_is_told(root, tmp_path, capsys):
    run = tmp_path / 'run'
    run.mkdir()
    (run / 'run.json').write_text(json.dumps({'options': {'train_ann': 'train_all.json'}, 'fold': None}))
    notes = {'checkpoint': str(run / 'best.pth'), 'ann': str(root / 'test.json')}
    (tmp_path / 'test.run.json').write_text(json.dumps(notes))
    assert main(['--predictions', str(tmp_path / 'test.json')]) == 0  # the notes name the data folder
    assert 'was trained on 4 pictures of val.json' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('field', 'message'),
    [
        pytest.param('image_id', 'test.json: .*image_id 77 is not', id='picture'),
        pytest.param('category_id', 'test.json: .*category_id 77 is not', id='class'),
    ],
)
def test_predictions_of_another_data_set_are_refused(root, tmp_path, field, message):
    records = json.loads((tmp_path / 'test.json').read_text())
    (tmp_path / 'test.json').write_text(json.dumps([*records, {**records[0], field: 77}]))
    with pytest.raises(UserError, match=message):
        main(['--predictions', str(tmp_path / 'test.json'), '--data-root', str(root)])


def test_predictions_about_different_pictures_are_refused(root, tmp_path):
    shutil.copy(tmp_path / 'test.json', tmp_path / 'other.json')
    for name in ('test', 'val'):
        path = tmp_path / ('test' if name == 'test' else 'other')
        path.with_suffix('.run.json').write_text(json.dumps({'ann': str(root / f'{name}.json')}))
    with pytest.raises(UserError, match='are about different pictures, .*test.json and .*val.json'):
        main(['--predictions', str(tmp_path / 'test.json'), str(tmp_path / 'other.json')])


def test_the_notes_say_which_answers_to_calibrate_by(root, tmp_path):
    shutil.copy(root / 'val.json', root / 'held_out.json')
    shutil.move(tmp_path / 'val.json', tmp_path / 'oof.json')
    (tmp_path / 'oof.run.json').write_text(json.dumps({'ann': str(root / 'held_out.json')}))
    files = ['--predictions', str(tmp_path / 'test.json'), '--calibrate', str(tmp_path / 'oof.json')]
    (root / 'val.json').unlink()
    assert main([*files, '--data-root', str(root)]) == 0
    with pytest.raises(UserError, match='--calibrate-ann .*train.json: the predictions are about .*held_out.json'):
        main([*files, '--data-root', str(root), '--calibrate-ann', 'train.json'])


@pytest.mark.fast
@pytest.mark.parametrize(
    ('options', 'message'),
    [
        pytest.param(['--target-precision', '70'], '--target-precision 70.0', id='percent'),
        pytest.param(['--score-thr', '0.3', '--ignore-thr', '0.4'], 'a higher --score-thr', id='band-upside-down'),
        pytest.param(['--ignore-precision', '0.8'], 'must be below --target-precision 0.7', id='band-above-labels'),
        pytest.param(
            ['--score-thr', '0.3', '--target-precision', '0.5'], 'has no effect with .*--score-thr', id='both'
        ),
        pytest.param(['--no-ignore', '--ignore-precision', '0.1'], 'has no effect with --no-ignore', id='no-band'),
        pytest.param(['--tta'], '--tta has no effect with --predictions', id='tta-of-files'),
        pytest.param(['--max-ratio', 'nan'], '--max-ratio nan', id='ratio'),
        pytest.param(['--max-per-image', '0'], '--max-per-image 0', id='none-per-image'),
        pytest.param(['--min-votes', '2'], '2 votes out of 1', id='votes'),
        pytest.param(['--calibrate', 'gone.json'], 'gone.json: no such predictions', id='calibrate'),
        pytest.param(['--calibrate', 'VAL', 'VAL'], '--calibrate: .*val.json is given twice', id='twice'),
        pytest.param(['--out', 'TRAIN'], 'is not overwritten', id='real-annotations'),
        pytest.param(['--out', 'labels.txt'], 'ends in .json', id='suffix'),
        pytest.param(['--unlabelled', 'gone.json'], 'has no gone.json', id='unlabelled'),
        pytest.param(['--min-area', '9'], '--min-area: is for segmenters, and .*test.json is of a detector', id='task'),
        pytest.param(['--label-pictures', 'a'], '--label-pictures: is for segmenters', id='pictures-of-boxes'),
        pytest.param(['--calibrate', 'PROBS'], 'probabilities of a segmenter, .* boxes of a detector', id='both-tasks'),
        pytest.param(['--out', '/tmp/nowhere/train.json'], 'do not lie below', id='elsewhere'),
    ],
)
def test_wrong_options_are_one_line(root, tmp_path, options, message):
    (tmp_path / 'val.probs').mkdir()
    names = {'TRAIN': 'train.json', 'VAL': 'val.json', 'PROBS': 'val.probs'}
    names = {name: str((root if name == 'TRAIN' else tmp_path) / file) for name, file in names.items()}
    options = [names.get(option, option) for option in options]
    with pytest.raises(UserError, match=message):
        main(['--predictions', str(tmp_path / 'test.json'), '--data-root', str(root), *options])
    assert not (root / 'train_pseudo.json').exists()


def test_nothing_trained_yet_says_what_to_run(monkeypatch, tmp_path):
    monkeypatch.setattr(_pseudo_sources, 'ROOT', tmp_path)
    with pytest.raises(UserError, match='run `make demo` or tools/train.py first'):
        main([])


def test_a_checkpoint_needs_its_config():
    with pytest.raises(UserError, match='best.pth: name the config it was trained with before it'):
        main(['work_dirs/htc_swin/best.pth'])


def test_a_config_needs_its_checkpoint(htc):
    with pytest.raises(UserError, match='name its checkpoint too'):
        main([htc])
