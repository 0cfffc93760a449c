"""Folds through the command line."""

import json
import shutil

import pytest

from custom_modules.datasets import check_data_root
from custom_modules.utils import UserError
from tools.kfold import main


@pytest.fixture
def root(tmp_path):
    """Twenty pictures without pixels in four folders: fifteen with Paper, five with Glass, Battery on none."""
    content = {
        'images': [
            {'id': 100 + i, 'file_name': f'{"abcd"[i % 4]}/{i}.jpg', 'width': 64, 'height': 48} for i in range(20)
        ],
        'categories': [{'id': 2, 'name': 'Paper'}, {'id': 4, 'name': 'Glass'}, {'id': 7, 'name': 'Battery'}],
        'annotations': [
            {'id': i, 'image_id': 100 + i, 'category_id': 4 if i >= 15 else 2, 'bbox': [i, 0, 30, 30]}
            for i in range(20)
        ],
    }
    (tmp_path / 'train_all.json').write_text(json.dumps(content))
    return tmp_path


def kfold(root, *options):
    """Run the tool without looking at pictures."""
    return main(['--data-root', str(root), '--near-duplicates', 'off', *options])


def fold_of(root):
    """The fold of each image id."""
    content = json.loads((root / 'folds' / 'folds.json').read_text())
    return {image['id']: image['fold'] for image in content['images']}


@pytest.mark.fast
def test_every_picture_validates_once_and_classes_are_even(root, capsys):
    assert kfold(root, '--folds', '5') == 0
    vals = [json.loads((root / 'folds' / f'val_{fold}.json').read_text()) for fold in range(5)]
    assert sorted(image['id'] for val in vals for image in val['images']) == list(range(100, 120))
    assert [[record['category_id'] for record in val['annotations']].count(4) for val in vals] == [1] * 5
    train = json.loads((root / 'folds' / 'train_2.json').read_text())
    assert {image['id'] for image in train['images']} == {
        image_id for image_id, fold in fold_of(root).items() if fold != 2
    }
    captured = capsys.readouterr()
    assert ['Glass', *'111115'] in [line.split() for line in captured.out.splitlines()]
    assert captured.err == 'warning: no picture shows Battery\n'


@pytest.mark.fast
def test_groups_stay_together(root, capsys):
    kfold(root, '--folds', '2', '--group-by', 'prefix:1')
    folds = fold_of(root)
    assert all(folds[100 + i] == folds[100 + i % 4] for i in range(20))
    assert 'prefix:1: 20 pictures in 4 group(s), the largest has 5' in capsys.readouterr().out


@pytest.mark.fast
def test_a_missing_class_is_told_with_its_fold(root, capsys):
    kfold(root, '--folds', '6')
    lines = [line for line in capsys.readouterr().err.splitlines() if 'Glass' in line]
    assert len(lines) == 1
    assert lines[0].startswith('warning: fold ') and 'fewer than 6 folds' in lines[0]


@pytest.mark.fast
def test_seeds_and_force(root):
    kfold(root)
    first = fold_of(root)
    with pytest.raises(UserError, match='--force'):
        kfold(root)
    kfold(root, '--force')
    assert fold_of(root) == first
    kfold(root, '--force', '--seed', '1')
    assert fold_of(root) != first


def copy_of(image):
    """The record of a picture's copy in another folder."""
    return {**image, 'id': image['id'] + 1000, 'file_name': image['file_name'].replace('images', 'copies')}


def test_near_duplicates_stay_together(synthetic_root, tmp_path, capsys):
    """Each picture twice under another name: with eight bits no copy is in another fold."""
    content = json.loads((synthetic_root / 'train.json').read_text())
    images, annotations = content['images'], content['annotations']
    for name in ('images', 'copies'):
        shutil.copytree(synthetic_root / 'images', tmp_path / name)
    content['images'] = [*images, *(copy_of(image) for image in images)]
    content['annotations'] = [
        *annotations,
        *({**record, 'id': record['id'] + 10000, 'image_id': record['image_id'] + 1000} for record in annotations),
    ]
    (tmp_path / 'all.json').write_text(json.dumps(content))
    main(['--data-root', str(tmp_path), '--ann', 'all.json', '--folds', '4'])
    folds = fold_of(tmp_path)
    assert all(folds[image['id']] == folds[image['id'] + 1000] for image in images)
    said = 'look alike: their 64-bit perceptual hashes differ in at most 8 bit(s)): 32 pictures in'
    assert said in capsys.readouterr().out


@pytest.mark.fast
@pytest.mark.parametrize(
    ('options', 'message'),
    [
        pytest.param(['--folds', '1'], 'give a number from 2 on', id='one fold'),
        pytest.param(['--folds', '21'], r'form 20 group\(s\) only', id='more folds than pictures'),
        pytest.param(['--folds', '5', '--group-by', 'prefix:1'], r'form 4 group\(s\) only', id='more than groups'),
        pytest.param(['--group-by', 'folder:1'], 'write prefix:DEPTH', id='unknown rule'),
        pytest.param(['--near-duplicates', 'some'], 'from 0 to 20, or off', id='no number of bits'),
        pytest.param(['--near-duplicates', '21'], 'from 0 to 20, or off', id='too many bits'),
        pytest.param(['--near-duplicates', '8'], 'missing image', id='no pictures'),
        pytest.param(['--ann', 'gone.json'], r'has no gone\.json', id='no json'),
        pytest.param(['--data-root', '/nowhere'], 'no data folder /nowhere', id='no folder'),
    ],
)
def test_mistakes_leave_nothing(root, options, message):
    with pytest.raises(UserError, match=message):
        kfold(root, *options)
    assert [path.name for path in root.iterdir()] == ['train_all.json']


@pytest.mark.fast
def test_a_group_larger_than_a_fold_is_told(root, capsys):
    content = json.loads((root / 'train_all.json').read_text())
    for image in content['images'][:12]:
        image['place'] = 'park'
    (root / 'train_all.json').write_text(json.dumps(content))
    kfold(root, '--folds', '3', '--group-by', 'key:place')
    assert 'one group holds 12 of 20 pictures' in capsys.readouterr().err


@pytest.mark.fast
def test_help(capsys):
    with pytest.raises(SystemExit) as caught:
        main(['--help'])
    assert caught.value.code == 0
    assert 'python tools/kfold.py' in capsys.readouterr().out


def test_label_pictures(indexed_minicity, capsys):
    assert main(['--data-root', str(indexed_minicity), '--folds', '2', '--near-duplicates', 'off']) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ['label', 'pictures', 'of', 'fold', '0', 'fold', '1', 'all']
    assert lines[2].split() == ['road', '2', '2', '4']
    assert check_data_root(indexed_minicity, 'folds/train_0.json', 'folds/val_0.json')[0].has_label_files
