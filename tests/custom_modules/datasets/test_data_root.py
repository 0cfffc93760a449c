import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from custom_modules.datasets import check_data_root, resolve_ann, resolve_data_root
from custom_modules.utils import UserError
from custom_modules.utils.files import REPOSITORY


@pytest.mark.fast
def test_data_root_is_looked_up_here_and_then_in_the_repository(tmp_path):
    os.chdir(tmp_path)
    (tmp_path / 'set').mkdir()
    assert resolve_data_root('set') == Path('set')
    assert resolve_data_root(tmp_path / 'set') == tmp_path / 'set'
    assert resolve_data_root('custom_modules') == REPOSITORY / 'custom_modules'


@pytest.mark.fast
def test_missing_data_root_is_one_line_with_the_remedy():
    with pytest.raises(UserError) as caught:
        resolve_data_root('data/no such set')
    message = str(caught.value)
    assert message.startswith('there is no data folder data/no such set (looked in ')
    assert message.endswith("python tools/make_synthetic.py --out 'data/no such set'")
    assert '--data-root' in message and '\n' not in message


@pytest.mark.fast
def test_missing_data_root_names_each_place_once_and_its_neighbours(tmp_path):
    os.chdir(REPOSITORY)
    with pytest.raises(UserError) as caught:
        resolve_data_root('data/none')
    assert f' (looked in {REPOSITORY}): name yours by --data-root' in str(caught.value)
    (tmp_path / 'data' / 'trash').mkdir(parents=True)
    os.chdir(tmp_path)
    with pytest.raises(UserError) as caught:
        resolve_data_root('data/trsah')
    message = str(caught.value)
    assert f'(looked in {tmp_path} and {REPOSITORY}); did you mean data/trash? Else name yours by' in message
    assert 'make_synthetic' not in message


@pytest.mark.fast
def test_a_file_is_no_data_root(tmp_path):
    (tmp_path / 'train.json').touch()
    with pytest.raises(UserError, match=r'train\.json is a file; give the folder it is in by --data-root'):
        resolve_data_root(tmp_path / 'train.json')


@pytest.mark.fast
def test_json_is_looked_up_in_the_data_root_and_then_here(tmp_path):
    here, root = tmp_path / 'here', tmp_path / 'root'
    for path in (here / 'a.json', here / 'b.json', root / 'a.json'):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    os.chdir(here)
    assert resolve_ann(root, 'a.json') == root / 'a.json'
    assert resolve_ann(root, 'b.json') == Path('b.json')
    assert resolve_ann(root, here / 'b.json') == here / 'b.json'


@pytest.mark.fast
@pytest.mark.parametrize(
    ('files', 'expected'),
    [
        pytest.param([], 'put a COCO json there', id='empty folder'),
        pytest.param(['test.json'], 'put a COCO json there', id='test only'),
        pytest.param(['all.json'], 'split the only json: python tools/split_data.py {0}/all.json --out {0}', id='one'),
        pytest.param(
            ['train.json', 'test.json'],
            'split the only json: mv -n {0}/train.json {0}/train_all.json && '
            'python tools/split_data.py {0}/train_all.json --out {0}',
            id='train.json only',
        ),
        pytest.param(
            ['b.json', 'a.json'],
            'it has a.json, b.json; rename the one meant, or name it by --train-ann (training) or --ann (scoring), '
            'or split a.json: python tools/split_data.py {0}/a.json --out {0}',
            id='several',
        ),
        pytest.param(
            ['train.json', 'train_all.json'],
            'it has train.json, train_all.json; rename the one meant, or name it by --train-ann (training) or --ann '
            '(scoring), or split train_all.json: mv -n {0}/train.json {0}/train_old.json && '
            'python tools/split_data.py {0}/train_all.json --out {0}',
            id='whole and train',
        ),
    ],
)
def test_missing_json_is_one_line_with_the_command(tmp_path, files, expected):
    for name in files:
        (tmp_path / name).touch()
    with pytest.raises(UserError) as caught:
        resolve_ann(tmp_path, 'val.json')
    assert str(caught.value).startswith(f'{tmp_path} has no val.json: {expected.format(tmp_path)}')


@pytest.mark.parametrize('names', [['all.json'], ['train.json'], ['train.json', 'train_all.json']], ids=' '.join)
def test_the_command_that_splits_works_as_it_is_given(synthetic_root, tmp_path, names):
    folder = tmp_path / 'my data'
    shutil.copytree(synthetic_root / 'images', folder / 'images')
    for name in names:
        shutil.copy(synthetic_root / 'train.json', folder / name)
    with pytest.raises(UserError) as caught:
        resolve_ann(folder, 'val.json')
    command = re.search(r'(mv|python) .*', str(caught.value))[0].replace('python', shlex.quote(sys.executable), 1)
    subprocess.run(command, shell=True, check=True, cwd=REPOSITORY)
    train, val, _ = check_data_root(folder)
    assert (len(train.images), len(val.images)) == (13, 3)  # a fifth of 16


def write_pair(write_set, content, val_content):
    """Write train.json with the first two pictures and val.json with the third."""
    train = {**content, 'images': content['images'][:2]}
    val = {**val_content, 'images': val_content['images'][2:]}
    val['annotations'] = [{**val_content['annotations'][2], 'image_id': 12}]
    write_set(val, 'val.json')
    return write_set(train, 'train.json').parent


@pytest.mark.fast
def test_good_folder(write_set, content):
    train, val, lines = check_data_root(write_pair(write_set, content, content))
    assert (len(train.images), len(val.images), lines) == (2, 1, [])


@pytest.mark.fast
def test_errors_of_both_files_come_in_one_message(write_set, content):
    root = write_pair(write_set, content, content)
    for name, key in (('train.json', 'bbox'), ('val.json', 'image_id')):
        broken = json.loads((root / name).read_text())
        del broken['annotations'][0][key]
        broken['annotations'][0].pop('segmentation', None)
        (root / name).write_text(json.dumps(broken))
    with pytest.raises(UserError) as caught:
        check_data_root(root)
    first, second = str(caught.value).split('\n')
    assert first.startswith(f'{root}/train.json: missing key: 1 (annotation 1 (image 10, images/10.jpg): bbox)')
    assert second.startswith(f'{root}/val.json: missing key: 1 (annotation 3: image_id)')


@pytest.mark.fast
@pytest.mark.parametrize(
    ('categories', 'expected'),
    [
        pytest.param(
            [{'id': 1, 'name': 'Papper'}, {'id': 3, 'name': 'Glass'}, {'id': 7, 'name': 'Metal'}],
            'categories unlike those of the training file: 1 (only one of them has 1 Paper, 1 Papper',
            id='spelling',
        ),
        pytest.param(
            [{'id': 1, 'name': 'Paper'}, {'id': 3, 'name': 'Glass'}], 'only one of them has 7 Metal', id='one less'
        ),
        pytest.param(
            [{'id': 1, 'name': 'Glass'}, {'id': 3, 'name': 'Paper'}, {'id': 7, 'name': 'Metal'}],
            'only one of them has 1 Glass, 1 Paper, 3 Glass, 3 Paper',
            id='swapped',
        ),
    ],
)
def test_categories_must_agree(write_set, content, categories, expected):
    root = write_pair(write_set, content, {**content, 'categories': categories})
    with pytest.raises(UserError, match=re.escape(expected)):
        check_data_root(root)


def test_training_needs_annotations(write_set, content):
    root = write_pair(write_set, content, content)
    write_set({**content, 'annotations': []}, 'test.json')
    with pytest.raises(UserError, match=r'test\.json: no annotations: 1'):
        check_data_root(root, val_ann='test.json')


@pytest.mark.fast
def test_shared_pictures_are_counted_in_the_line_of_the_validation_file(write_set, content):
    root = write_pair(write_set, content, content)
    (root / 'images' / '12.jpg').write_bytes((root / 'images' / '10.jpg').read_bytes())
    *_, lines = check_data_root(root)
    assert lines == [f'{root}/val.json: picture in both files (its score flatters): 1']


@pytest.mark.parametrize('name', ['taco416', 'recycle_det', 'recycle_seg'])
def test_real_photographs(shared_data, name):
    train, val, lines = check_data_root(shared_data / name)
    assert train.classes == val.classes and len(train.classes) == 10
    assert all('box over the edge (clipped)' in line for line in lines)


def test_label_pictures_are_something_to_train_on(indexed_minicity):
    train, val, lines = check_data_root(indexed_minicity)
    assert train.has_annotations and train.has_label_files and val.has_label_values and not lines
    with pytest.raises(UserError, match=r'test\.json: no annotations: 1 \(no image has a label_file\)'):
        check_data_root(indexed_minicity, val_ann='test.json')


def test_errors_of_label_pictures_come_before_training(indexed_minicity):
    (indexed_minicity / 'gtFine/train/aachen_000000_000001_gtFine_labelIds.png').unlink()
    Image.new('L', (64, 31)).save(indexed_minicity / 'gtFine/val/bochum_000000_000003_gtFine_labelIds.png')
    with pytest.raises(UserError) as caught:
        check_data_root(indexed_minicity)
    first, second = str(caught.value).splitlines()
    assert 'train.json: missing label picture: 1 (image 1: gtFine/train/aachen_000000_000001' in first
    assert 'label picture of another size than its photograph: 1' in second
    assert 'bochum_000000_000003_gtFine_labelIds.png is 64 x 31, the photograph 64 x 32' in second


def test_objects_in_one_file_and_label_pictures_in_the_other(indexed_minicity):
    path = indexed_minicity / 'val.json'
    text = json.loads(path.read_text())
    for image in text['images']:
        del image['label_file'], image['labels']
    box = {'bbox': [1, 1, 9, 9], 'area': 81, 'iscrowd': 0}
    text['annotations'] = [{'id': 1, 'image_id': 3, 'category_id': 0, **box}]
    path.write_text(json.dumps(text))
    with pytest.raises(UserError, match=r'label pictures in one file and objects in the other: 1 \(train\.json has'):
        check_data_root(indexed_minicity)
