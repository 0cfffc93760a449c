"""Checkpoints: nothing in them runs, nothing half-written stays."""

import os
import pickle

import pytest
import torch
from mmengine.runner import CheckpointLoader

from custom_modules.engine import read_checkpoint, trust_checkpoints, write_checkpoint
from custom_modules.utils import UserError

pytestmark = pytest.mark.fast


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self.marker),)


def bomb(folder):
    torch.save({'state_dict': {}, 'x': Bomb(folder / 'marker')}, folder / 'bomb.pth')
    return folder / 'bomb.pth'


@pytest.mark.parametrize(
    'load',
    [read_checkpoint, lambda path: CheckpointLoader.load_checkpoint(str(path), 'cpu')],
    ids=['ours', 'through-mmengine'],
)
def test_code_in_a_checkpoint_does_not_run(tmp_path, load):
    with pytest.raises(UserError, match='--trust-checkpoint'):
        load(bomb(tmp_path))
    assert not (tmp_path / 'marker').exists()


class Bait:
    """Calls a function that is looked up by ``getattr``, as the log histories of published checkpoints are."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return getattr, (self.marker, 'mkdir')


def test_what_is_skipped_does_not_run_either(tmp_path):
    content = {'state_dict': {'a': torch.ones(2)}, 'history': Bait(tmp_path / 'marker')}
    torch.save(content, tmp_path / 'c.pth')
    content = read_checkpoint(tmp_path / 'c.pth')
    assert content['state_dict']['a'].tolist() == [1, 1] and not callable(content['history'])


@pytest.mark.parametrize('function', [eval, exec, print], ids=lambda function: function.__name__)
def test_functions_that_nothing_published_needs_are_refused(tmp_path, function):
    class Call:
        def __reduce__(self):
            return function, ('1 + 1',)

    torch.save({'state_dict': {}, 'x': Call()}, tmp_path / 'c.pth')
    with pytest.raises(UserError, match=f'would execute code .{function.__name__}'):
        read_checkpoint(tmp_path / 'c.pth')


@pytest.mark.parametrize('zipped', [True, False], ids=['zip', 'older'])
def test_tensors_may_stay_on_the_disk(tmp_path, zipped):
    torch.save({'a': torch.arange(5)}, tmp_path / 'c.pth', _use_new_zipfile_serialization=zipped)
    assert read_checkpoint(tmp_path / 'c.pth', mapped=True)['state_dict']['a'].tolist() == [0, 1, 2, 3, 4]


def test_code_runs_only_for_who_asks_for_it(tmp_path):
    with trust_checkpoints():
        read_checkpoint(bomb(tmp_path))
    assert (tmp_path / 'marker').exists()


def damaged(kind, folder):
    path = folder / 'c.pth'
    write_checkpoint({'state_dict': {'a': torch.arange(1000)}}, path)
    data = path.read_bytes()
    content = {
        'empty': b'',
        'cut': data[: len(data) // 2],
        'html': b'<html>not found</html>',
        'pickle': pickle.dumps([1, 2]),
        'list': None,
    }[kind]
    if content is None:
        torch.save([1, 2], path)
    else:
        path.write_bytes(content)
    return path


@pytest.mark.parametrize('kind', ['empty', 'cut', 'html', 'pickle', 'list'])
def test_damaged_files_are_refused_in_one_line(tmp_path, kind):
    path = damaged(kind, tmp_path)
    with pytest.raises(UserError) as error:
        read_checkpoint(path)
    assert str(path) in str(error.value) and '\n' not in str(error.value)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        pytest.param([1, 2], 'a list', id='list'),
        pytest.param({'state_dict': [1]}, 'a list', id='weights-in-a-list'),
        pytest.param({'state_dict': {}, 'meta': [1]}, 'a list', id='meta-in-a-list'),
        pytest.param({'state_dict': {1: torch.zeros(1)}}, 'no names', id='numbers-for-names'),
        pytest.param({1: torch.zeros(1)}, 'no names', id='bare-numbers-for-names'),
    ],
)
def test_files_of_another_layout_are_refused(tmp_path, content, message):
    torch.save(content, tmp_path / 'c.pth')
    with pytest.raises(UserError, match=message):
        read_checkpoint(tmp_path / 'c.pth')


@pytest.mark.parametrize('content', [{'a': torch.ones(1)}, {'model': {'a': torch.ones(1)}}], ids=['bare', 'model'])
def test_other_layouts_are_understood(tmp_path, content):
    torch.save(content, tmp_path / 'c.pth')
    assert list(read_checkpoint(tmp_path / 'c.pth')['state_dict']) == ['a']


def test_another_pickle_protocol_is_refused_without_warnings(tmp_path, recwarn):
    torch.save({'a': torch.ones(1)}, tmp_path / 'c.pth', pickle_protocol=4)
    with pytest.raises(UserError, match='not a checkpoint'):
        read_checkpoint(tmp_path / 'c.pth')
    assert not recwarn.list


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(UserError, match='no such checkpoint'):
        read_checkpoint(tmp_path / 'gone.pth')


def test_indirect_addresses_are_refused():
    with pytest.raises(UserError, match='as a file or an http'):
        CheckpointLoader.load_checkpoint('torchvision://resnet50')


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / 'c.pth'
    write_checkpoint({'state_dict': {'a': torch.zeros(2)}}, path)

    def full_disk(content, file):
        file.write(b'half')
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(torch, 'save', full_disk)
    with pytest.raises(UserError, match=r'about 8 bytes.*untouched'):
        write_checkpoint({'state_dict': {'a': torch.ones(2)}}, path)
    assert read_checkpoint(path)['state_dict']['a'].tolist() == [0, 0]
    assert [file.name for file in tmp_path.iterdir()] == ['c.pth']
