import json

import pytest

from custom_modules.utils import UserError
from tools.split_data import main


@pytest.fixture
def source(tmp_path):
    """A json of 20 pictures without pixels: 15 with two objects of Paper, 5 with one of Glass."""
    content = {
        'info': {'year': 2021},
        'images': [{'id': i, 'file_name': f'{i}.jpg', 'width': 64, 'height': 48, 'license': 1} for i in range(20)],
        'categories': [{'id': 4, 'name': 'Glass'}, {'id': 2, 'name': 'Paper'}],
        'annotations': [
            {'id': i, 'image_id': i % 20, 'category_id': 4 if i % 20 >= 15 else 2, 'bbox': [i, 0, 30, 30]}
            for i in range(35)
        ],
    }
    path = tmp_path / 'all.json'
    path.write_text(json.dumps(content))
    return path


def read(folder, name):
    """Read a json of a folder."""
    return json.loads((folder / f'{name}.json').read_text())


@pytest.mark.fast
def test_split_into_train_and_val(source, tmp_path, capsys):
    main([str(source)])
    train, val, both = (read(tmp_path, name) for name in ('train', 'val', 'train_all'))
    assert both == json.loads(source.read_text())  # the records stay as they are, unrepaired
    assert (len(train['images']), len(val['images'])) == (16, 4)
    assert [sum(record['category_id'] == 4 for record in part['annotations']) for part in (train, val)] == [4, 1]
    assert sorted(record['id'] for part in (train, val) for record in part['annotations']) == list(range(35))
    assert capsys.readouterr().out.split('\n')[1] == f'{tmp_path}/val.json: 4 pictures; Paper 6, Glass 1'
    assert not (tmp_path / 'test.json').exists()


@pytest.mark.fast
def test_split_with_a_test_part(source, tmp_path):
    main([str(source), '--val', '0.25', '--test', '0.2', '--out', str(tmp_path / 'out')])
    sizes = {path.stem: len(read(tmp_path / 'out', path.stem)['images']) for path in (tmp_path / 'out').iterdir()}
    assert sizes == {'train': 11, 'val': 5, 'train_all': 16, 'test': 4, 'test_answers': 4}
    assert read(tmp_path / 'out', 'test')['annotations'] == []
    answers = read(tmp_path / 'out', 'test_answers')
    assert {record['image_id'] for record in answers['annotations']} == {image['id'] for image in answers['images']}


def test_groups_are_not_split(source, tmp_path):
    content = json.loads(source.read_text())
    for image in content['images']:
        image['roll'] = image['id'] // 2
    source.write_text(json.dumps(content))
    main([str(source), '--group-by', 'key:roll'])
    rolls = [{image['roll'] for image in read(tmp_path, name)['images']} for name in ('train', 'val')]
    assert not rolls[0] & rolls[1] and len(rolls[1]) == 2


@pytest.mark.fast
def test_few_large_groups_fill_every_part_or_are_refused(source, tmp_path):
    content = json.loads(source.read_text())
    for number, image in enumerate(content['images']):
        image['roll'] = number // 10
    source.write_text(json.dumps(content))
    with pytest.raises(UserError, match=r'form 2 group\(s\), too few for train and val and test'):
        main([str(source), '--group-by', 'key:roll', '--test', '0.2'])
    main([str(source), '--group-by', 'key:roll'])
    assert [len(read(tmp_path, name)['images']) for name in ('train', 'val')] == [10, 10]


def test_same_seed_same_split(source, tmp_path):
    for name, seed in (('a', '1'), ('b', '1'), ('c', '2')):
        main([str(source), '--out', str(tmp_path / name), '--seed', seed])
    first, second, third = ((tmp_path / name / 'val.json').read_bytes() for name in 'abc')
    assert first == second != third


def test_train_all_is_not_written_again(source, tmp_path):
    renamed = source.rename(tmp_path / 'train_all.json')
    before = renamed.read_bytes()
    main([str(renamed)])
    assert renamed.read_bytes() == before
    assert (tmp_path / 'val.json').exists()


@pytest.mark.parametrize(
    ('options', 'expected'),
    [
        pytest.param(['--val', '1'], 'add up to less than 1', id='all for validation'),
        pytest.param(['--val', '0.5', '--test', '0.5'], 'add up to less than 1', id='nothing for training'),
        pytest.param(['--val', '0'], 'above 0', id='nothing for validation'),
        pytest.param(['--val', '0.98'], 'too few', id='less than one picture'),
        pytest.param(['--val', 'nan'], 'add up to less than 1', id='not a number'),
    ],
)
def test_fractions(source, options, expected):
    with pytest.raises(UserError, match=expected):
        main([str(source), *options])


def test_nothing_is_overwritten(source, tmp_path):
    (tmp_path / 'val.json').write_text('mine')
    with pytest.raises(UserError, match=r'already has val\.json'):
        main([str(source)])
    assert (tmp_path / 'val.json').read_text() == 'mine'
    assert not (tmp_path / 'train.json').exists()


def test_pictures_must_be_under_the_new_folder(source, tmp_path):
    for i in range(20):
        (tmp_path / f'{i}.jpg').touch()
    with pytest.raises(UserError, match=r'the pictures of .* are under'):
        main([str(source), '--out', str(tmp_path / 'out')])
    assert not (tmp_path / 'out').exists()


def test_errors_of_the_file_stop(source, tmp_path):
    content = json.loads(source.read_text())
    content['annotations'][0]['image_id'] = 99
    source.write_text(json.dumps(content))
    with pytest.raises(UserError, match='annotation without image: 1'):
        main([str(source)])


def test_help(capsys):
    with pytest.raises(SystemExit) as caught:
        main(['--help'])
    assert caught.value.code == 0
    assert 'python tools/split_data.py' in capsys.readouterr().out


def test_label_pictures(indexed_minicity, capsys):
    for name in ('train', 'val', 'test'):
        (indexed_minicity / f'{name}.json').unlink()
    (indexed_minicity / 'train_all.json').rename(indexed_minicity / 'all.json')
    assert main([str(indexed_minicity / 'all.json'), '--val', '0.25', '--test', '0.25']) is None
    files = {name: json.loads((indexed_minicity / f'{name}.json').read_text()) for name in ('train', 'val', 'test')}
    assert [len(content['images']) for content in files.values()] == [2, 1, 1]
    assert ['label_file' in content['images'][0] for content in files.values()] == [True, True, False]
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f'{indexed_minicity}/train.json: 2 pictures; road 2, ')
    assert any(line == f'{indexed_minicity}/test.json: 1 pictures; no annotations' for line in lines)
