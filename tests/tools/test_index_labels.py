import json

import numpy as np
import pytest
from PIL import Image

from custom_modules.utils import UserError
from tests.custom_modules.datasets.minicity import write_minicity
from tools.index_labels import main


@pytest.fixture
def root(tmp_path):
    return write_minicity(tmp_path / 'minicity')


def index(root, classes='minicity'):
    return main([str(root), '--classes', str(classes)])


def test_help(capsys):
    with pytest.raises(SystemExit) as ended:
        main(['--help'])
    assert ended.value.code == 0 and 'label pictures' in capsys.readouterr().out


@pytest.mark.fast
def test_report_and_files(root, capsys):
    assert index(root) == 0
    out, err = capsys.readouterr()
    rows = {line[:24].strip(): line[24:].split() for line in out.splitlines()}
    assert rows['class'] == ['images', 'pixels']
    assert (rows['road'], rows['wall'], rows['(void)']) == (['4', '31.25%'], ['0', '0.00%'], ['12.50%'])
    assert out.splitlines()[-4:] == [
        f'{root}/train.json: 2 pictures, 2 of them labelled',
        f'{root}/val.json: 2 pictures, 2 of them labelled',
        f'{root}/test.json: 2 pictures, 0 of them labelled',
        f'{root}/train_all.json: 4 pictures, 4 of them labelled',
    ]
    assert err.startswith('warning: no picture shows wall, fence, ') and err.count('\n') == 1
    assert json.loads((root / 'train_all.json').read_text())['images'][3]['labels'] == [0, 8, 11]
    before = (root / 'val.json').read_bytes()
    assert index(root) == 0 and (root / 'val.json').read_bytes() == before


@pytest.mark.fast
def test_all_errors_are_told_and_nothing_is_written(root, capsys):
    (root / 'gtFine/train/aachen_000000_000001_gtFine_labelIds.png').unlink()
    Image.fromarray(np.full((32, 64), 77, np.uint8)).save(root / 'gtFine/val/bochum_000000_000003_gtFine_labelIds.png')
    assert index(root) == 2
    out, err = capsys.readouterr()
    assert out == '' and not list(root.glob('*.json'))
    assert err.splitlines() == [
        'error: missing label picture: 1 (label files are relative to the data folder)',
        '  gtFine/train/aachen_000000_000001_gtFine_labelIds.png '
        '(of leftImg8bit/train/aachen_000000_000001_leftImg8bit.png)',
        'error: value that is neither a class nor void: 1 (add it to a class or to void in the class file)',
        '  gtFine/val/bochum_000000_000003_gtFine_labelIds.png has value 77 on 2048 pixels',
        f'{root}: 2 error(s), nothing was written',
    ]


def test_other_files_are_not_overwritten(root):
    (root / 'val.json').write_text('{"images": [], "annotations": [], "categories": []}')
    with pytest.raises(UserError, match=r'val\.json exists and is no index'):
        index(root)
    assert not (root / 'train.json').exists()


def test_wrong_arguments(root, tmp_path):
    with pytest.raises(UserError, match='did you mean minicity'):
        index(root, 'minicty')
    with pytest.raises(UserError, match='there is no data folder'):
        index(tmp_path / 'absent')
