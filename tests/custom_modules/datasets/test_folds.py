"""Folds keep classes in proportion and groups together; their folder is written whole or not at all."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_modules.datasets.fold_table import FoldTable
from custom_modules.datasets.folds import read_folds, write_folds
from custom_modules.datasets.split import equal_sizes, stratified_parts
from custom_modules.utils import UserError

CONTENT = {
    'info': {'year': 2021},
    'images': [{'id': 10 + i, 'file_name': f'{i}.jpg', 'width': 8, 'height': 8} for i in range(4)],
    'categories': [{'id': 1, 'name': 'Paper'}, {'id': 5, 'name': 'Glass'}],
    'annotations': [{'id': i, 'image_id': 10 + i, 'category_id': 1, 'bbox': [0, 0, 2, 2]} for i in range(4)],
}
FOLDS, GROUPS = np.array([0, 1, 1, 0]), np.array([0, 1, 1, 2])


def table(objects, groups_with=(3, 0)):
    """A table of two folds of two pictures."""
    objects = np.array(objects)
    return FoldTable(('Paper', 'Glass'), np.array([2, 2]), objects, np.minimum(objects, 2), np.array(groups_with))


def write(root: Path, **options):
    """Write folds of four pictures."""
    source = root / 'train_all.json'
    source.write_text(json.dumps(CONTENT))
    options = {'folds': FOLDS, 'table': table([[2, 0], [2, 0]]), 'settings': {'seed': 0}, **options}
    return write_folds(root, source, CONTENT, groups=GROUPS, **options)


@pytest.mark.fast
def test_files_of_a_fold(tmp_path):
    folder = write(tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == [
        'folds.json', 'train_0.json', 'train_1.json', 'val_0.json', 'val_1.json'
    ]  # fmt: skip
    val, train = (json.loads((folder / name).read_text()) for name in ('val_0.json', 'train_0.json'))
    assert val['images'] == [CONTENT['images'][0], CONTENT['images'][3]]  # records, ids and paths as they are
    assert [record['id'] for record in train['annotations']] == [1, 2]
    assert val['categories'] == train['categories'] == CONTENT['categories'] and val['info'] == CONTENT['info']
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith('.')] == []


@pytest.mark.fast
def test_folds_are_read_as_written(tmp_path):
    write(tmp_path, table=table([[2, 1], [2, 0]], (3, 1)))
    folds = read_folds(tmp_path)
    assert (folds.source, folds.num_folds, folds.settings) == ('train_all.json', 2, {'seed': 0})
    assert folds.fold_of == {10: 0, 11: 1, 12: 1, 13: 0}
    assert folds.files(1) == ('folds/train_1.json', 'folds/val_1.json') and folds.image_ids(1) == {11, 12}
    reason = '1 picture(s) in 1 group(s) show it, fewer than 2 folds'
    assert folds.warnings == {
        0: [f'fold 0 has no Glass to train on ({reason})'],
        1: [f'fold 1 has no Glass to validate on ({reason})'],
    }


@pytest.mark.fast
def test_another_assignment_has_another_id(tmp_path):
    write(tmp_path)
    first = read_folds(tmp_path).assignment_id
    write(tmp_path, replace=True)
    assert read_folds(tmp_path).assignment_id == first
    write(tmp_path, replace=True, folds=1 - FOLDS)
    assert read_folds(tmp_path).assignment_id != first


@pytest.mark.fast
def test_folds_are_not_overwritten_unasked(tmp_path):
    before = (write(tmp_path) / 'folds.json').read_bytes()
    with pytest.raises(UserError, match='folds exists.*--force'):
        write(tmp_path, folds=1 - FOLDS)
    assert (tmp_path / 'folds' / 'folds.json').read_bytes() == before


@pytest.mark.fast
@pytest.mark.parametrize('replace', [False, True])
def test_a_failure_leaves_what_was_there(tmp_path, monkeypatch, replace):
    if replace:
        write(tmp_path)
    before = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob('*'))
    real = Path.rename

    def full_disk(path, target):
        if path.name.endswith('.tmp'):
            raise OSError(28, 'No space left on device')
        return real(path, target)

    monkeypatch.setattr(Path, 'rename', full_disk)
    with pytest.raises(UserError, match='No space left'):
        write(tmp_path, replace=replace)
    after = {path.relative_to(tmp_path) for path in tmp_path.rglob('*')}
    assert after == {*before, Path('train_all.json')}


@pytest.mark.fast
@pytest.mark.parametrize(
    ('text', 'message'),
    [
        pytest.param(None, r'has no folds; make them: python tools/kfold\.py --data-root', id='none'),
        pytest.param('{"version": 1, "source"', r'damaged \(JSONDecodeError', id='cut off'),
        pytest.param('{"version": 1}', "damaged .KeyError: 'source'", id='empty'),
        pytest.param('{"version": 9}', 'version 9, not 1', id='another version'),
        pytest.param('[]', r'damaged \(TypeError', id='a list'),
    ],
)
def test_missing_and_damaged_folds(tmp_path, text, message):
    if text is not None:
        (tmp_path / 'folds').mkdir()
        (tmp_path / 'folds' / 'folds.json').write_text(text)
    with pytest.raises(UserError, match=message) as caught:
        read_folds(tmp_path)
    assert '\n' not in str(caught.value)


@pytest.mark.fast
@pytest.mark.parametrize('fold', [-1, 2])
def test_a_fold_that_is_none(tmp_path, fold):
    write(tmp_path)
    with pytest.raises(UserError, match=f'--fold {fold}: .* has the folds 0 to 1'):
        read_folds(tmp_path).files(fold)


@pytest.mark.fast
def test_table_as_text():
    assert table([[2, 0], [12, 0]]).lines() == [
        'objects of  fold 0  fold 1  all',
        'pictures         2       2    4',
        'Paper            2      12   14',
        'Glass            0       0    0',
    ]
    assert table([[2, 0], [12, 0]]).absent_classes() == ['Glass']


@settings(max_examples=60, deadline=None)
@given(
    labels=st.lists(st.lists(st.integers(0, 4), max_size=6), min_size=4, max_size=60),
    num_folds=st.integers(2, 4),
    num_groups=st.integers(4, 60),
    seed=st.integers(0, 3),
)
def test_groups_stay_together_and_every_fold_has_pictures(labels, num_folds, num_groups, seed):
    groups = np.unique(np.arange(len(labels)) % num_groups, return_inverse=True)[1]
    sizes = equal_sizes(len(labels), num_folds)
    folds = stratified_parts([Counter(found) for found in labels], sizes, groups=groups, seed=seed)
    assert len(np.unique(np.column_stack([groups, folds]), axis=0)) == len(np.unique(groups))
    assert sorted(set(folds.tolist())) == list(range(num_folds))
    if num_groups >= len(labels):
        assert np.bincount(folds).tolist() == sizes


@pytest.mark.fast
@pytest.mark.parametrize(
    ('members', 'num_folds'),
    [
        pytest.param([98, 1, 1, 1, 1], 5, id='as many groups as folds'),
        pytest.param([4, 4, 29, 2], 4, id='one group of three quarters'),
        pytest.param([1, 3, 1, 1, 13, 3], 5, id='one more group than folds'),
    ],
)
@pytest.mark.parametrize('with_objects', [True, False], ids=['all with objects', 'two with objects'])
def test_large_groups_leave_no_fold_empty(members, num_folds, with_objects):
    """Each group shows a class of its own, so that no lack of a class leads it to another fold."""
    groups = np.repeat(np.arange(len(members)), members)
    objects = [{int(group): 1} if with_objects or group < 2 else {} for group in groups]
    for seed in range(5):
        folds = stratified_parts(objects, equal_sizes(len(groups), num_folds), groups=groups, seed=seed)
        assert set(folds.tolist()) == set(range(num_folds))


def test_real_class_counts_are_even(shared_data):
    """4,883 pictures in five folds: objects of each class within a sixth of their mean, pictures within one."""
    from custom_modules.datasets import load_coco
    from custom_modules.datasets.split import objects_per_picture

    data = load_coco(shared_data / 'recycle_trash_det_train4883.json', check_images=False)
    objects = objects_per_picture(data)
    counts = np.array([[picture[cat_id] for cat_id in data.cat_ids] for picture in objects])
    folds = stratified_parts(objects, equal_sizes(len(objects), 5))
    per_fold = np.array([counts[folds == fold].sum(axis=0) for fold in range(5)])
    assert (np.ptp(per_fold, axis=0) / per_fold.mean(axis=0)).max() < 1 / 6
    assert set(np.bincount(folds).tolist()) == {976, 977}


def test_groups_of_real_pictures_keep_their_shares(shared_data):
    from custom_modules.datasets import load_coco
    from custom_modules.datasets.split import objects_per_picture

    data = load_coco(shared_data / 'recycle_trash_det_train4883.json', check_images=False)
    objects = objects_per_picture(data)
    counts = np.array([[picture[cat_id] for cat_id in data.cat_ids] for picture in objects])
    groups = np.unique(np.random.default_rng(0).integers(0, 300, len(objects)), return_inverse=True)[1]
    folds = stratified_parts(objects, equal_sizes(len(objects), 5), groups=groups)
    per_fold = np.array([counts[folds == fold].sum(axis=0) for fold in range(5)])
    assert (np.ptp(per_fold, axis=0) / per_fold.mean(axis=0)).mean() < 0.12  # dealt at random: 0.4
