"""Checkpoints: nothing in them runs, nothing half-written stays, nothing is taken that does not fit."""

import hashlib
import os
import pickle

import pytest
import torch
from mmengine.runner import CheckpointLoader

from custom_modules.engine import checkpoint as checkpoints
from custom_modules.engine import fetch_weights, load_weights, read_checkpoint, trust_checkpoints, write_checkpoint
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


def model(width=3):
    return torch.nn.Sequential(torch.nn.Linear(2, width), torch.nn.Linear(width, 1))


def test_everything_fits():
    source, target = model(), model()
    report = load_weights(target, {'state_dict': source.state_dict()}, 'c.pth')
    assert report == 'c.pth: 4 of 4 tensors of the model, 4 in the file'
    assert torch.equal(target[0].weight, source[0].weight)


def test_wrong_shapes_are_refused_unless_partial():
    content = {'state_dict': model(width=5).state_dict()}
    with pytest.raises(UserError, match='1 of 4 tensors'):  # only the last bias has its shape
        load_weights(model(), content, 'c.pth')
    assert '1 of 4' in load_weights(model(), content, 'c.pth', partial=True)


def test_nothing_fitting_is_refused_even_when_partial():
    with pytest.raises(UserError, match='0 of 4 tensors'):
        load_weights(model(), {'state_dict': {'other': torch.zeros(1)}}, 'c.pth', partial=True)


def test_offline_names_the_file_and_where_to_put_it(tmp_path, monkeypatch):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    with pytest.raises(UserError) as error:
        fetch_weights('http://127.0.0.1:9/weights/swin.pth')
    for part in ('swin.pth', str(checkpoints.weights_folder()), '--load-from none'):
        assert part in str(error.value)


def test_weights_put_there_by_hand_are_used_and_checked(tmp_path, monkeypatch):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    path = checkpoints.weights_folder() / 'swin.pth'
    path.parent.mkdir(parents=True)
    path.write_bytes(b'weights')
    url = 'http://127.0.0.1:9/weights/swin.pth'
    assert fetch_weights(url, hashlib.sha256(b'weights').hexdigest()) == path
    with pytest.raises(UserError, match='sha256'):
        fetch_weights(url, '0' * 64)
