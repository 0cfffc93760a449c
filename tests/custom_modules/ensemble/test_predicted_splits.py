import json
import os

import pytest

from custom_modules.ensemble.predicted_splits import choose_split, predicted_splits
from custom_modules.utils import UserError


@pytest.fixture
def add_run(tmp_path):
    """Write predictions of a run with the notes beside them; a later call writes a newer file."""
    times = iter(range(1000, 2000))

    def add(run: str, ann: str | None = 'val', name: str = 'val', **notes):
        if ann is not None:
            (tmp_path / f'{ann}.json').touch()
            notes['ann'] = str(tmp_path / f'{ann}.json')
        path = tmp_path / 'work_dirs' / run / 'predictions' / f'{name}.json'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('[]')
        path.with_suffix('.run.json').write_text(json.dumps(notes))
        time = next(times)
        os.utime(path, (time, time))
        return path

    return add


@pytest.fixture
def work_dirs(tmp_path):
    """The folder of all runs."""
    return tmp_path / 'work_dirs'


def test_runs_by_the_json_they_predicted(add_run, work_dirs, tmp_path):
    a, b = add_run('a'), add_run('demo/b')
    c = add_run('a', 'test', 'test')
    splits = predicted_splits(work_dirs)
    assert [(split.ann.name, split.members, split.newest) for split in splits] == [
        ('val.json', (a, b), 1001),
        ('test.json', (c,), 1002),
    ]
    assert choose_split(work_dirs).members == (a, b)


def test_of_as_many_the_newest(add_run, work_dirs):
    for ann in ('val', 'test'):
        for run in ('a', 'b'):
            add_run(run, ann, ann)
    assert choose_split(work_dirs).ann.name == 'test.json'
    assert choose_split(work_dirs, work_dirs.parent / 'val.json').ann.name == 'val.json'


def test_of_as_many_one_with_answers(add_run, work_dirs, tmp_path):
    for ann in ('val', 'test'):
        for run in ('a', 'b'):
            add_run(run, ann, ann)
    (tmp_path / 'val.json').write_text('{"annotations": [{}]}')
    (tmp_path / 'test.json').write_text('{"annotations": []}')
    split = choose_split(work_dirs)
    assert (split.ann.name, [ann.name for ann in split.others]) == ('val.json', ['test.json'])
    add_run('c', 'test', 'test')  # most runs, but nothing to search by
    assert choose_split(work_dirs).ann.name == 'test.json'
    assert choose_split(work_dirs, to_search=True).ann.name == 'val.json'


@pytest.mark.parametrize(
    ('order', 'members'),
    [
        pytest.param('a.val b.val a.val_tta', 'a.val b.val', id='what both have, though one has a newer'),
        pytest.param('a.val b.val a.val_tta b.val_tta', 'a.val_tta b.val_tta', id='both twice: what was written last'),
        pytest.param('a.val a.val_tta b.val_tta b.val', 'a.val b.val', id='both twice, crossed: alike all the same'),
        pytest.param('a.val a.val_tta b.val_tta', 'a.val_tta b.val_tta', id='one has both'),
        pytest.param('a.val_tta b.val', 'a.val_tta b.val', id='nothing in common'),
    ],
)
def test_one_file_a_run_and_like_with_like(add_run, work_dirs, order, members):
    files = {one: add_run(*one.split('.')[:1], name=one.split('.')[1]) for one in order.split()}
    split = choose_split(work_dirs)
    assert split.members == tuple(files[one] for one in members.split())
    assert set(split.further) == {path for one, path in files.items() if one not in members.split()}


@pytest.mark.parametrize(
    'spoil',
    [
        pytest.param(lambda path: path.unlink(), id='no predictions'),
        pytest.param(lambda path: path.with_suffix('.run.json').unlink(), id='no notes'),
        pytest.param(lambda path: path.with_suffix('.run.json').write_text('{"ann"'), id='damaged notes'),
        pytest.param(lambda path: path.with_suffix('.run.json').write_text('[1]'), id='other notes'),
        pytest.param(lambda path: path.with_suffix('.run.json').write_text('{"ann": null}'), id='loose pictures'),
        pytest.param(lambda path: path.with_suffix('.run.json').write_text('{"ann": "/no/val.json"}'), id='json gone'),
    ],
)
def test_what_does_not_count(add_run, work_dirs, spoil):
    a, b = add_run('a'), add_run('b')
    spoil(add_run('c'))
    for other in ('ensemble', 'benchmarks/detection/d'):
        add_run(other)
    assert choose_split(work_dirs).members == (a, b)


def test_nothing_there(add_run, work_dirs, tmp_path):
    with pytest.raises(UserError, match='has predictions yet; first run python tools/test.py CONFIG CHECKPOINT'):
        choose_split(work_dirs)
    add_run('a')
    with pytest.raises(UserError, match=r'only .*a/predictions/val.json is there to fuse, two are needed'):
        choose_split(work_dirs)
