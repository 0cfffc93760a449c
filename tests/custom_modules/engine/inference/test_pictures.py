"""Which pictures are meant, and which ids they get."""

import json
import os
from pathlib import Path

import pytest

from custom_modules.engine.inference import (
    find_pictures,
    matching_cat_ids,
    pictures_of_split,
    write_picture_list,
)
from custom_modules.utils import UserError

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        pytest.param('{"images": [', 'not a readable json|json', id='cut'),
        pytest.param('{"categories": []}', 'no images', id='without-images'),
        pytest.param(None, 'ann.json', id='missing'),
    ],
)
def test_a_damaged_json_of_ids_is_refused(tmp_path, text, message):
    (tmp_path / '1.jpg').write_bytes(b'')
    if text is not None:
        (tmp_path / 'ann.json').write_text(text)
    with pytest.raises(UserError, match=message):
        find_pictures([str(tmp_path / '1.jpg')], tmp_path / 'ann.json')


@pytest.mark.parametrize(
    ('argument', 'message'),
    [
        pytest.param('photos/', 'photos/: there is no such picture or folder; did you mean fotos?', id='folder'),
        pytest.param('fotos/1.jpeg', '; did you mean fotos/1.jpg?', id='picture'),
        pytest.param('gone', 'gone: there is no such picture or folder', id='nothing-like-it'),
        pytest.param('empty', 'empty: no picture there (', id='empty-folder'),
        pytest.param('fotos/*.png', 'fotos/*.png: no picture there (', id='pattern'),
    ],
)
def test_missing_pictures_are_told_from_empty_folders(tmp_path, argument, message):
    for name in ('fotos/1.jpg', 'empty/notes.txt'):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    os.chdir(tmp_path)
    with pytest.raises(UserError) as error:
        find_pictures([argument])
    assert message in str(error.value) and '\n' not in str(error.value)


def test_pictures_are_numbered_by_path_and_named_once(tmp_path):
    for name in ('b.jpg', 'sub/a.PNG', 'sub/notes.txt', 'c.jpg'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = find_pictures([str(tmp_path), str(tmp_path / 'b.jpg'), str(tmp_path / '*.jpg')])
    assert [(picture.image_id, Path(picture.name).name) for picture in found] == [
        (1, 'b.jpg'),
        (2, 'c.jpg'),
        (3, 'a.PNG'),
    ]
    write_picture_list(found, tmp_path / 'list.json')
    images = json.loads((tmp_path / 'list.json').read_text())['images']
    assert images[2] == {'id': 3, 'file_name': str(tmp_path / 'sub' / 'a.PNG')}


@pytest.mark.parametrize(
    ('known', 'expected'),
    [
        pytest.param(['a/1.jpg', '1.jpg'], 'a/1.jpg', id='longest-ending'),
        pytest.param(['1.jpg'], '1.jpg', id='name-alone'),
    ],
)
def test_ids_are_found_by_the_longest_ending_that_the_json_knows(tmp_path, known, expected):
    (tmp_path / 'a').mkdir()
    (tmp_path / 'a' / '1.jpg').touch()
    images = [{'id': 7 + i, 'file_name': name, 'width': 8, 'height': 8} for i, name in enumerate(known)]
    (tmp_path / 'ann.json').write_text(json.dumps({'images': images, 'categories': [{'id': 1, 'name': 'can'}]}))
    picture = find_pictures([str(tmp_path / 'a')], tmp_path / 'ann.json')[0]
    assert (picture.image_id, picture.name) == (7, expected)


@pytest.fixture
def split(tmp_path) -> Path:
    """A data folder with a json of two pictures, one of which is there, and the json of a fold in a folder below."""
    images = [{'id': 9, 'file_name': 'b.jpg', 'width': 8, 'height': 6}]
    images += [{'id': 4, 'file_name': 'in/a.jpg', 'width': 8, 'height': 6}]
    content = json.dumps({'images': images, 'categories': [{'id': 5, 'name': 'can'}, {'id': 3, 'name': 'bag'}]})
    for name in ('val.json', 'folds/val_0.json', 'in/a.jpg'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    return tmp_path


@pytest.mark.parametrize('name', ['val.json', 'folds/val_0.json'])
def test_a_json_stands_for_its_pictures_by_id(split, name):
    for found in (find_pictures([str(split / name)]), pictures_of_split(split, name)):
        assert [(p.image_id, p.name, p.width, p.height) for p in found] == [(4, 'in/a.jpg', 8, 6), (9, 'b.jpg', 8, 6)]
        assert [p.path for p in found] == [split / 'in/a.jpg', split / 'b.jpg'] and found[0].root == split


def test_a_json_comes_alone(split):
    with pytest.raises(UserError, match='give it alone'):
        find_pictures([str(split / 'val.json'), str(split / 'in')])
    with pytest.raises(UserError, match='give it alone'):
        find_pictures([str(split / 'val.json')], split / 'val.json')


def test_ids_are_those_of_the_data_set_where_it_has_the_same_classes(split):
    assert matching_cat_ids(split / 'val.json', ['bag', 'can']) == [3, 5]
    assert matching_cat_ids(split / 'val.json', ['can', 'bag']) is None
