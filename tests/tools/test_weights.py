"""tools/weights.py: what is published, what is here, and whether it is sound."""

import hashlib

import pytest
import torch

from custom_modules.engine import published, weights_folder
from custom_modules.utils import UserError
from tools.weights import main

pytestmark = pytest.mark.fast


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A manifest of three entries: one here and sound, one here and exchanged, one not here."""
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'torch'))
    weights_folder().mkdir(parents=True)
    torch.save({'state_dict': {'backbone.weight': torch.zeros(2)}}, weights_folder() / 'sound.pth')
    digest = hashlib.sha256((weights_folder() / 'sound.pth').read_bytes()).hexdigest()
    (weights_folder() / 'sound.pth').rename(weights_folder() / f'sound-{digest[:8]}.pth')
    torch.save({}, weights_folder() / 'exchanged-00000000.pth')
    text = ''
    for name, file, config in (
        ('sound', f'sound-{digest[:8]}.pth', 'trash/htc_swin_b*.py'),
        ('exchanged', 'exchanged-00000000.pth', 'trash/htc_swin_t.py'),
        ('absent', 'absent.pth', 'trash/htc_swin_t.py'),
    ):
        url = f'http://127.0.0.1:9/{file}'
        text += f"[[weights]]\nname='{name}'\nurl='{url}'\nlicence='MIT'\nwhat='a {name} one'\nstarts=['{config}']\n"
    (tmp_path / 'published.toml').write_text(text)
    monkeypatch.setattr(published, 'MANIFEST', tmp_path / 'published.toml')
    published.published_weights.cache_clear()
    yield weights_folder()
    published.published_weights.cache_clear()


def test_list_tells_what_is_here_and_where_to_put_the_rest(shelf, capsys):
    assert main(['list']) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines if ' one' in line] == [
        ['sound', 'yes'],
        ['exchanged', 'yes'],
        ['absent', 'no'],
    ]
    assert any('http://127.0.0.1:9/absent.pth' in line for line in lines) and str(shelf) in lines[-1]


@pytest.mark.parametrize(
    ('config', 'names'),
    [
        ('configs/trash/htc_swin_b.py', ['sound']),
        ('configs/trash/htc_swin_b_pafpn.py', ['sound']),
        ('configs/trash/htc_swin_t.py', ['exchanged', 'absent']),
        ('configs/trash/htc_swin_l.py', []),
    ],
)
def test_list_for_a_config(shelf, capsys, config, names):
    assert main(['list', '--config', config]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines() if ' one' in line] == names


def test_the_real_manifest_is_listed(capsys):
    assert main(['list', '--config', 'configs/trash/cascade_mask_rcnn_swin_b.py']) == 0
    said = capsys.readouterr().out
    assert 'swin_b ' in said and 'cascade_mask_rcnn_swin_b_coco ' in said and 'swin_t' not in said
    assert 'starts trash/cascade_mask_rcnn_swin_b.py, trash/htc_swin_b*.py' in said


def test_fetch_gives_what_is_here_and_says_where_to_put_what_is_not_to_be_had(shelf, capsys):
    assert main(['fetch', 'sound']) == 0
    assert capsys.readouterr().out.strip().startswith(str(shelf / 'sound-'))
    with pytest.raises(UserError, match=f'cannot fetch absent.pth .*put the file into {shelf}$'):
        main(['fetch', 'absent'])
    with pytest.raises(UserError, match='delete the file and fetch it again'):
        main(['fetch', 'exchanged'])


@pytest.mark.parametrize(
    ('names', 'code', 'words'),
    [
        pytest.param([], 1, ['ok     sound', '1 tensors; sha256 begins', 'WRONG  exchanged', '00000000'], id='all'),
        pytest.param(['sound'], 0, ['ok     sound'], id='one'),
        pytest.param(['absent'], 1, ['WRONG  absent'], id='absent'),
    ],
)
def test_verify(shelf, capsys, names, code, words):
    assert main(['verify', *names]) == code
    said = capsys.readouterr().out
    assert all(word in said for word in words) and ('absent' in said) == ('absent' in names)


def test_verify_tells_the_digest_of_what_has_none_published(shelf, capsys):
    torch.save({'state_dict': {}}, shelf / 'absent.pth')
    assert main(['verify', 'absent']) == 0
    digest = hashlib.sha256((shelf / 'absent.pth').read_bytes()).hexdigest()
    assert f'none published, this one has {digest}' in capsys.readouterr().out


def test_nothing_to_verify(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    assert main(['verify']) == 0
    assert 'fetch NAME' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        pytest.param(['fetch', 'sond'], 'sond: no published weights of that name .*; did you mean sound', id='name'),
        pytest.param(['list', '--config', 'configs/trash/htc_swin_x.py'], 'no such config', id='config'),
        pytest.param(['list', '--config', 'tools/train.py'], 'leave --config out', id='outside'),
    ],
)
def test_mistakes(shelf, arguments, message):
    with pytest.raises(UserError, match=message):
        main(arguments)


def test_help(capsys):
    with pytest.raises(SystemExit, match='0'):
        main(['--help'])
    assert 'fetch' in capsys.readouterr().out
