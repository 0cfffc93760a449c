"""Checkpoints: nothing in them runs, nothing half-written stays, nothing is taken that does not fit."""

import hashlib
import http.server
import os
import pickle
import threading

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


@pytest.mark.parametrize(
    ('neck', 'message'), [(True, None), (False, 'not filled: backbone.0.*same backbone')], ids=['neck', 'backbone']
)
def test_a_start_needs_the_whole_backbone(neck, message):
    def detector(width, depth):
        parts = {'backbone': torch.nn.Sequential(torch.nn.Linear(2, depth)), 'neck': torch.nn.Linear(3, width)}
        return torch.nn.ModuleDict(parts)

    content = {'state_dict': detector(5, 3 if neck else 4).state_dict()}
    if message is None:
        assert 'not filled: neck' in load_weights(detector(3, 3), content, 'c.pth', partial=True)
    else:
        with pytest.raises(UserError, match=message):
            load_weights(detector(3, 3), content, 'c.pth', partial=True)


class _Server(http.server.BaseHTTPRequestHandler):
    """Promises ten bytes; /short.pth gets four of them."""

    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Length', '10')
        self.end_headers()
        self.wfile.write(b'0123456789'[: 4 if 'short' in self.path else 10])

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    """The address of a web server."""
    with http.server.HTTPServer(('127.0.0.1', 0), _Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f'http://127.0.0.1:{server.server_port}'
        server.shutdown()


def test_a_cut_connection_leaves_no_file(tmp_path, monkeypatch, server):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    assert fetch_weights(f'{server}/full.pth').read_bytes() == b'0123456789'
    with pytest.raises(UserError, match='closed after 4 of 10 bytes'):
        fetch_weights(f'{server}/short.pth')
    assert [path.name for path in checkpoints.weights_folder().iterdir()] == ['full.pth']


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
