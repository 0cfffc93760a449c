"""Published weights: fetched whole or not at all, checked, and listed for every config that starts from them."""

import hashlib
import http.server
import threading
from pathlib import Path

import pytest
from mmengine.config import Config

from custom_modules.engine import fetch_weights, weights_folder
from custom_modules.engine.published import digest_in_name, find_published, published_weights
from custom_modules.utils import UserError

CONFIGS = Path(__file__).resolve().parents[3] / 'configs'
LEAVES = sorted(path for folder in ('trash', 'demo') for path in (CONFIGS / folder).glob('*.py'))


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
    assert [path.name for path in weights_folder().iterdir()] == ['full.pth']


def test_offline_names_the_file_and_where_to_put_it(tmp_path, monkeypatch):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    with pytest.raises(UserError) as error:
        fetch_weights('http://127.0.0.1:9/weights/swin.pth')
    assert 'cannot fetch swin.pth' in str(error.value)
    assert str(error.value).endswith(f'; put the file into {weights_folder()}')


def test_weights_put_there_by_hand_are_used_and_checked(tmp_path, monkeypatch):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    path = weights_folder() / 'swin.pth'
    path.parent.mkdir(parents=True)
    path.write_bytes(b'weights')
    url = 'http://127.0.0.1:9/weights/swin.pth'
    assert fetch_weights(url, hashlib.sha256(b'weights').hexdigest()) == path
    with pytest.raises(UserError, match='sha256'):
        fetch_weights(url, '0' * 64)


@pytest.mark.fast
@pytest.mark.parametrize(
    ('name', 'digest'),
    [
        pytest.param('htc_r50_fpn_1x_coco_20200317-7332cf16.pth', '7332cf16', id='mmdet'),
        pytest.param('resnet50-0676ba61.pth', '0676ba61', id='torch'),
        pytest.param('swin_tiny_patch4_window7_224.pth', None, id='none'),
        pytest.param('yolox_20211121.pth', None, id='date'),
    ],
)
def test_digits_of_the_digest_in_a_name(name, digest):
    assert digest_in_name(name) == digest


@pytest.mark.fast
def test_digits_in_the_name_are_checked(tmp_path, monkeypatch):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    weights_folder().mkdir(parents=True)
    digest = hashlib.sha256(b'weights').hexdigest()
    for digits in (digest[:8], '01234567'):
        (weights_folder() / f'swin-{digits}.pth').write_bytes(b'weights')
    assert fetch_weights(f'http://127.0.0.1:9/swin-{digest[:8]}.pth').name == f'swin-{digest[:8]}.pth'
    with pytest.raises(UserError, match='begins with 01234567; delete the file'):
        fetch_weights('http://127.0.0.1:9/swin-01234567.pth')


@pytest.mark.fast
def test_the_manifest_is_sound():
    entries = published_weights()
    assert len(entries) > 20
    assert len({entry.path.name for entry in entries.values()}) == len(entries), 'two would share a local file'
    for entry in entries.values():
        assert entry.url.startswith('https://') and entry.path.suffix == '.pth', entry
        assert entry.licence in ('MIT', 'Apache-2.0', 'BSD-3-Clause'), entry
        assert entry.sha256 is None or len(entry.sha256) == 64, entry
        assert entry.starts and entry.what, entry


@pytest.mark.fast
@pytest.mark.parametrize('entry', published_weights().values(), ids=published_weights())
def test_the_configs_it_starts_exist(entry):
    for pattern in entry.starts:
        assert list(CONFIGS.glob(pattern)), f'{entry.name} starts {pattern}, which is no config'


@pytest.mark.fast
def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(UserError, match=r'swin_bb: no published weights of that name .*; did you mean swin_b'):
        find_published('swin_bb')


def addresses(value) -> list[str]:
    """All URLs anywhere in a config's model."""
    if isinstance(value, str):
        return [value] if '://' in value else []
    values = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else []
    return [address for part in values for address in addresses(part)]


def test_every_start_of_a_config_is_in_the_manifest():
    urls = {entry.url: entry for entry in published_weights().values()}
    starts = 0
    for path in LEAVES:
        cfg, name = Config.fromfile(str(path)), f'{path.parent.name}/{path.name}'
        found = addresses(cfg.to_dict()['model'])
        if cfg.get('load_from'):
            found.append(cfg.load_from if '://' in cfg.load_from else find_published(cfg.load_from).url)
        for url in found:
            assert url in urls, f'{name} starts from {url}, which is not in the manifest'
            assert urls[url].is_for(name), f'{urls[url].name} does not list {name}'
        starts += len(found)
    assert starts >= 8
