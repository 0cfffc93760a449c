"""Outputs that cannot be written are refused before the work is done."""

import pytest

from custom_modules.utils import UserError, check_folder, check_output, check_output_folder, refuse_data_set

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        pytest.param('x.txt', r'--out .*x.txt: give a name that ends in .json or .csv', id='suffix'),
        pytest.param('folder.json', 'is a folder', id='folder'),
        pytest.param('file.json', 'is a file that is read', id='input'),
        pytest.param('file.json/x.csv', 'nothing can be written', id='below a file'),
    ],
)
def test_names_that_are_refused(tmp_path, name, message):
    (tmp_path / 'file.json').write_text('')
    (tmp_path / 'folder.json').mkdir()
    with pytest.raises(UserError, match=message):
        check_output(tmp_path / name, ('.json', '.csv'), inputs=[tmp_path / 'file.json'])


def test_nothing_is_made(tmp_path):
    check_output(tmp_path / 'new' / 'x.json')
    check_folder(tmp_path / 'new' / 'drawn', '--draw')
    assert not (tmp_path / 'new').exists()


def test_the_option_is_named(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(UserError, match='--draw: nothing can be written to .*drawn'):
        check_folder(tmp_path / 'file' / 'drawn', '--draw')


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        pytest.param('new/x', None, id='new'),
        pytest.param('empty', None, id='empty'),
        pytest.param('earlier', None, id='earlier'),
        pytest.param('other', 'other: is a folder of something else', id='other'),
        pytest.param('file', 'file: is a file', id='file'),
        pytest.param('file/x', 'nothing can be written to', id='below-a-file'),
    ],
)
def test_folders_that_may_be_replaced(tmp_path, name, message):
    for path in ('earlier/index.json', 'other/thesis.tex', 'empty/x'):
        (tmp_path / path).parent.mkdir()
        (tmp_path / path).touch()
    (tmp_path / 'empty' / 'x').unlink()
    (tmp_path / 'file').touch()
    if message is None:
        check_output_folder(tmp_path / name, holds='index.json')
    else:
        with pytest.raises(UserError, match=message):
            check_output_folder(tmp_path / name, holds='index.json')
    assert not (tmp_path / 'new').exists()


@pytest.mark.parametrize(
    ('content', 'is_refused'),
    [('[]', False), ('', False), (' {"images": []}', True), (None, False)],
    ids=['predictions', 'empty', 'data set', 'nothing there'],
)
def test_data_sets_are_not_overwritten_by_predictions(tmp_path, content, is_refused):
    path = tmp_path / 'val.json'
    if content is not None:
        path.write_text(content)
    if is_refused:
        with pytest.raises(UserError, match=r'--out .*val\.json: holds no predictions .*not overwritten'):
            refuse_data_set(path)
    else:
        refuse_data_set(path)
