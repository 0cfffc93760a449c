"""The tool that labels pictures, with segmenters."""

import json
import shutil

import cv2
import numpy as np
import pytest

from custom_modules.datasets import check_data_root, load_coco
from custom_modules.datasets.label_maps import LabelMaps
from custom_modules.datasets.label_pictures import read_values
from custom_modules.ensemble import write_probs
from custom_modules.pseudo_label import is_pseudo
from custom_modules.utils import UserError
from tools.pseudo_label import main


def write_truth(folder, name, maps, confidence=0.9, change=None, skip=0):
    """Probabilities whose most probable class is the true one."""
    count = len(maps.classes)
    table = np.full((256, count), (1 - confidence) / (count - 1), np.float32)
    table[range(count), range(count)] = confidence
    names = {image['id']: image['file_name'] for image in maps.coco.images}

    def pictures():
        for image_id in maps.image_ids[skip:]:
            labels = maps[image_id].copy()
            yield image_id, names[image_id], table[labels if change is None else change(labels)].transpose(2, 0, 1)

    write_probs(folder / name, maps.classes, pictures())
    return str(folder / name)


@pytest.fixture
def root(synthetic_root, tmp_path):
    """A data folder to write to, and right probabilities in ``a``; in ``b`` those of objects are small."""
    shutil.copytree(synthetic_root, tmp_path / 'data')
    for name, answers in (('val', 'val'), ('test', 'test_answers')):
        maps = LabelMaps(load_coco(tmp_path / 'data' / f'{answers}.json'))
        write_truth(tmp_path / 'a', f'{name}.probs', maps)
        write_truth(tmp_path / 'b', f'{name}.probs', maps, 0.5)
    return tmp_path / 'data'


def call(root, tmp_path, *options, members=('a',)):
    files = [str(tmp_path / name / 'test.probs') for name in members]
    return main(['--predictions', *files, '--data-root', str(root), *options])


@pytest.mark.fast
def test_from_predictions(root, tmp_path, capsys):
    """Four pictures are few: at a target of 0.4 most classes are judged together, and all pixels there are sure."""
    pictures = tmp_path / 'labels'
    options = ['--answers', 'test_answers.json', '--target-precision', '0.4', '--min-area', '500']
    options += ['--label-pictures', str(pictures)]
    assert call(root, tmp_path, *options) == 0
    printed = capsys.readouterr().out
    train, _, warnings = check_data_root(root, 'train_pseudo.json')
    assert not any('train_pseudo' in line for line in warnings)
    maps, truth = LabelMaps(train), LabelMaps(load_coco(root / 'test_answers.json'))
    new = [image for image in train.images if is_pseudo(image)]
    assert len(new) == 4
    for image in new:
        labels, true = maps[image['id']], truth[image['source']['image_id']]
        assert (labels[labels != 255] == true[labels != 255]).all()
        assert (labels != 255).mean() > 0.9
        (file,) = pictures.glob(f'{image["source"]["image_id"]:06d}_*_labels.png')
        assert np.array_equal(read_values(file), labels)
    labels, regions = (
        [one for one in train.annotations if is_pseudo(one) and one['iscrowd'] == kind] for kind in (0, 1)
    )
    assert regions  # what is smaller
    assert {one['score'] for one in labels} == {round(230 / 255, 4)}
    assert min(one['area'] for one in labels) >= 500
    report = json.loads((root / 'train_pseudo' / 'report.json').read_text())
    assert (report['labels'], report['real_precision'], report['expected_precision']) == (len(labels), 1.0, 1.0)
    assert (report['round'], report['settings']['min_area'], report['expected_lost']) == (1, 500, 0.0)
    assert 'judged with all classes: ' in printed
    assert 'train_pseudo.json: 16 real pictures and 4 with pseudo labels, round 1\n' in printed
    assert cv2.imread(str(root / 'train_pseudo' / 'labels.jpg')).shape[1] > 400
    first = (root / 'train_pseudo.json').read_bytes()
    assert call(root, tmp_path, *options, '--train-ann', 'train_pseudo.json') == 0
    assert json.loads((root / 'train_pseudo.json').read_text())['images'] == json.loads(first)['images']


@pytest.mark.parametrize(
    ('members', 'threshold', 'kept'),
    [
        pytest.param(['a'], '0.85', True, id='one'),
        pytest.param(['b'], '0.85', False, id='unsure one'),
        pytest.param(['a', 'b'], '0.69', True, id='mean of 0.9 and 0.5'),
        pytest.param(['a', 'b'], '0.71', False, id='above the mean'),
    ],
)
def test_fixed_thresholds(root, tmp_path, capsys, members, threshold, kept):
    for name in members:
        shutil.rmtree(tmp_path / name / 'val.probs')
    assert call(root, tmp_path, '--score-thr', threshold, '--min-area', '1', members=members) == 0
    found = load_coco(root / 'train_pseudo.json')
    assert len(found.images) == (20 if kept else 16)
    assert (root / 'train_pseudo' / 'labels.jpg').exists() is kept
    if kept:
        maps, truth = LabelMaps(found), LabelMaps(load_coco(root / 'test_answers.json'))
        new = [image for image in found.images if is_pseudo(image)]
        assert all(np.array_equal(maps[one['id']], truth[one['source']['image_id']]) for one in new)
        assert call(root, tmp_path, '--score-thr', '0.99', members=members) == 1  # would replace labels by none


def test_wrong_labels_are_warned_of(root, tmp_path, capsys):
    maps = LabelMaps(load_coco(root / 'val.json'))
    write_truth(tmp_path / 'a', 'val.probs', maps, change=lambda labels: np.where(labels == 0, 1, 0))
    assert call(root, tmp_path, '--score-thr', '0.5') == 0
    printed = capsys.readouterr()
    assert 'warning: of these labels only 0% are likely to be right, far below one half' in printed.err
    assert '100% of the pixels of objects in the pictures with answers become Background' in printed.out
    with pytest.raises(UserError, match='4 pictures|give one'):
        call(root, tmp_path, '--calibrate', str(tmp_path / 'a' / 'val.probs'), members=['a', 'b'])


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        pytest.param(['--min-votes', '1'], '--min-votes: is for detectors, and .*test.probs is of a seg', id='votes'),
        pytest.param(['--no-ignore'], '--no-ignore: is for detectors', id='no-ignore'),
        pytest.param(['--ignore-precision', '0.1'], '--ignore-precision: is for detectors', id='band'),
        pytest.param(['--min-area', '-1'], '--min-area -1: give a number from 1 on', id='area'),
        pytest.param(['--label-pictures', 'FILE/x'], '--label-pictures: nothing can be written', id='pictures'),
        pytest.param(['--calibrate', 'TRAIN'], 'probabilities of a segmenter, .* boxes of a detector', id='tasks'),
        pytest.param(['--calibrate', 'LESS'], r'lacks 1 of 4 pictures of val.json, such as', id='missing picture'),
        pytest.param(['--calibrate', 'CUT'], r'data.bin: ends after 0 of', id='truncated'),
        pytest.param(['--unlabelled', 'train.json'], 'all its pictures are in train.json', id='known'),
    ],
)
def test_refused(root, tmp_path, options, message):
    maps = LabelMaps(load_coco(root / 'val.json'))
    names = {'TRAIN': str(root / 'train.json'), 'FILE/x': str(root / 'train.json' / 'x')}
    names['LESS'] = write_truth(tmp_path, 'less.probs', maps, skip=1) if 'LESS' in options else ''
    if 'CUT' in options:
        names['CUT'] = write_truth(tmp_path, 'cut.probs', maps)
        (tmp_path / 'cut.probs' / 'data.bin').write_bytes(b'')
    with pytest.raises(UserError, match=message):
        call(root, tmp_path, *[names.get(option, option) for option in options])
    assert not (root / 'train_pseudo.json').exists()


def test_models_of_other_classes_are_refused(root, tmp_path):
    probs = np.full((2, 128, 128), 0.5)
    write_probs(tmp_path / 'b' / 'test.probs', ['Background', 'cat'], [(1, '1.jpg', probs)])
    with pytest.raises(UserError, match='b/test.probs: has other classes than .*a/test.probs'):
        call(root, tmp_path, members=['a', 'b'])
    with pytest.raises(UserError, match='b/test.probs: has 2 classes, cat the last; train.json has 11'):
        call(root, tmp_path, members=['b'])


def test_from_a_checkpoint(root, tiny_segmenter, untrained_segmenter, tmp_path, capsys):
    run = tmp_path / 'run'
    run.mkdir()
    shutil.copy(untrained_segmenter, run / 'best.pth')
    (run / 'run.json').write_text(json.dumps({'options': {'data_root': str(root)}, 'pseudo_round': 1}))
    arguments = [str(tiny_segmenter), str(run / 'best.pth'), '--data-root', str(root)]
    with pytest.raises(UserError, match='--max-ratio: is for detectors, and .* is of a segmenter'):
        main([*arguments, '--max-ratio', '1'])
    assert not (run / 'predictions').exists()
    assert main([*arguments, '--score-thr', '0.2']) == 0
    printed = capsys.readouterr().out
    assert f'predictions: {run / "predictions" / "test.probs"}\n' in printed
    assert 'with pseudo labels, round 2\n' in printed
    assert main([*arguments, '--score-thr', '0.3']) in (0, 1)
    assert 'test.probs, there already' in capsys.readouterr().out
