"""What cannot work is refused before a model is loaded."""

import json
from pathlib import Path

import pytest
import torch

from custom_modules.engine import load_config
from custom_modules.engine.inference import check_folder, check_output, choose_device, find_pictures, fit_to_checkpoint
from custom_modules.utils import UserError

pytestmark = pytest.mark.fast

DEMO = Path(__file__).resolve().parents[3] / 'configs' / 'demo' / 'cascade_mask_rcnn_swin.py'


@pytest.mark.parametrize('name', ['foo', 'cuda:99', 'meta', 'cpu:x'])
def test_devices_that_are_not_here_are_refused(name):
    with pytest.raises(UserError, match=f'--device {name}: no such device here; there is cpu'):
        choose_device(name)


def test_the_processor_is_always_there():
    assert choose_device('cpu') == torch.device('cpu')


def test_outputs_that_cannot_be_written_are_refused(tmp_path):
    (tmp_path / 'file').write_text('')
    (tmp_path / 'folder.json').mkdir()
    for name, message in (('x.csv', 'ends in .json'), ('folder.json', 'is a folder'), ('file/x.json', 'nothing can')):
        with pytest.raises(UserError, match=message):
            check_output(tmp_path / name)
    with pytest.raises(UserError, match=r'--draw: nothing can be written'):
        check_folder(tmp_path / 'file' / 'drawn', '--draw')
    check_output(tmp_path / 'new' / 'x.json')
    assert not (tmp_path / 'new').exists()


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
    'meta',
    [{}, {'classes': 'Paper', 'cat_ids': [1]}, {'classes': ['Paper']}, {'classes': ['Paper'], 'cat_ids': [1, 2]}],
    ids=json.dumps,
)
def test_a_checkpoint_must_say_its_classes(tmp_path, meta):
    torch.save({'state_dict': {}, 'meta': meta}, tmp_path / 'c.pth')
    with pytest.raises(UserError, match='does not say which classes it knows'):
        fit_to_checkpoint(load_config(DEMO), tmp_path / 'c.pth')
