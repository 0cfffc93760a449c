import json

import numpy as np
import pytest
from PIL import Image

from custom_modules.utils import UserError
from tools.check_data import main


@pytest.fixture
def root(tmp_path):
    """A folder of two pictures: train.json with one object over the edge, val.json with one inside."""
    generator = np.random.default_rng(0)
    for number, (name, box) in enumerate([('train', [50, 40, 20, 20]), ('val', [5, 5, 20, 20])]):
        pixels = generator.integers(0, 256, (48, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f'{number}.jpg')
        content = {
            'images': [{'id': number, 'file_name': f'{number}.jpg', 'width': 64, 'height': 48}],
            'categories': [{'id': 0, 'name': 'Paper'}, {'id': 1, 'name': 'Glass'}],
            'annotations': [
                {'id': number, 'image_id': number, 'category_id': 0, 'bbox': box, 'area': 400, 'iscrowd': 0}
            ],
        }
        (tmp_path / f'{name}.json').write_text(json.dumps(content))
    return tmp_path


def change(path, edit):
    """Change the content of a json file."""
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


@pytest.mark.fast
def test_report_of_one_file(root, capsys):
    assert main([str(root / 'train.json')]) == 0
    lines = capsys.readouterr().out.split('\n')
    assert lines[0] == f'{root}/train.json: 1 images (0 without objects), 1 annotations'
    assert lines[2].split() == ['Paper', '1', '1', '0', '0', '1', '10.6']  # clipped to 14 x 8: root of 112
    assert lines[3].split() == ['Glass', '0', '0', '0', '0', '0', '-']
    assert lines[4:8] == [
        '0 errors',
        '1 warning',
        '  box over the edge (clipped): 1',
        '    annotation 0 (image 0, 0.jpg)',
    ]


@pytest.mark.fast
def test_errors_end_with_code_2_and_leave_no_copy(root, capsys):
    change(root / 'train.json', lambda content: content['annotations'][0].update(category_id=5))
    assert main([str(root / 'train.json'), '--repair', str(root / 'fixed.json')]) == 2
    out = capsys.readouterr().out
    assert '1 error\n  unknown category: 1\n    annotation 0: category_id 5\n1 warning' not in out
    assert '1 error\n  unknown category: 1\n    annotation 0: category_id 5\n0 warnings' in out
    assert not (root / 'fixed.json').exists()


@pytest.mark.fast
def test_folder_finds_pictures_in_both_files(root, capsys):
    (root / '1.jpg').write_bytes((root / '0.jpg').read_bytes())
    assert main([str(root)]) == 0
    out = capsys.readouterr().out
    assert out.count(' annotations\n') == 2
    assert 'picture in both files (its score flatters): 1\n    1.jpg = 0.jpg' in out


@pytest.mark.fast
def test_against_another_file(root, capsys):
    change(root / 'val.json', lambda content: content['categories'][1].update(name='Gras'))
    assert main([str(root / 'val.json'), '--against', str(root / 'train.json')]) == 2
    assert 'categories unlike those of the training file: 1' in capsys.readouterr().out


@pytest.mark.fast
def test_repaired_copy_is_clean_and_the_original_unchanged(root, capsys):
    before = (root / 'train.json').read_bytes()
    assert main([str(root / 'train.json'), '--repair', str(root / 'fixed.json')]) == 0
    assert (root / 'train.json').read_bytes() == before
    assert json.loads((root / 'fixed.json').read_text())['annotations'][0]['bbox'] == [50, 40, 14, 8]
    capsys.readouterr()
    assert main([str(root / 'fixed.json')]) == 0
    assert '0 warnings' in capsys.readouterr().out


@pytest.mark.fast
@pytest.mark.parametrize('name', ['train.json', 'sub/../train.json', 'link.json'])
def test_repair_never_in_place(root, name):
    (root / 'sub').mkdir()
    (root / 'link.json').symlink_to(root / 'train.json')
    with pytest.raises(UserError, match='is the file itself'):
        main([str(root / 'train.json'), '--repair', str(root / name)])


@pytest.mark.fast
@pytest.mark.parametrize(
    ('moves', 'last_line'),
    [
        pytest.param(
            {'train.json': 'all.json', 'val.json': None},
            'not ready for training: {0} has no train.json: split the only json: '
            'python tools/split_data.py {0}/all.json --out {0}',
            id='one json',
        ),
        pytest.param(
            {'val.json': None},
            'not ready for training: {0} has no val.json: split the only json: mv -n {0}/train.json '
            '{0}/train_all.json && python tools/split_data.py {0}/train_all.json --out {0}',
            id='train.json only',
        ),
        pytest.param(
            {'val.json': 'test.json'}, 'not ready for training: {0} has no val.json: split the only', id='and a test'
        ),
    ],
)
def test_folder_that_training_would_refuse(root, capsys, moves, last_line):
    for name, new in moves.items():
        (root / name).rename(root / new) if new else (root / name).unlink()
    assert main([str(root)]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert '0 errors' in lines
    assert lines[-1].startswith(last_line.format(root))


@pytest.mark.parametrize(
    ('options', 'expected'),
    [
        (['{0}', '--repair', '{0}/fixed.json'], '--repair takes one json'),
        (['{0}/nowhere'], 'there is no data folder .*: name yours by its path, or'),
        (['{0}/emty'], 'did you mean {0}/empty?'),
        (['{0}/traim.json'], 'traim.json: no such file; did you mean {0}/train.json?'),
        (['{0}/empty/val.json'], '{0}/empty has no val.json: put a COCO json there'),
        (
            ['{0}/one/val.json'],
            '{0}/one has no val.json: split the only json: python tools/split_data.py {0}/one/a.json',
        ),
        (['{0}/train.json', '--data-root', '{0}/emty'], 'did you mean {0}/empty? Else name yours by --data-root'),
        (['{0}/empty'], 'has no json file'),
    ],
    ids=['repair of a folder', 'no folder', 'folder', 'file', 'no json', 'one json', 'no data root', 'empty folder'],
)
def test_mistakes(root, options, expected):
    for folder in ('empty', 'one'):
        (root / folder).mkdir()
    (root / 'one' / 'a.json').touch()
    with pytest.raises(UserError, match=expected.format(root).replace('?', r'\?')):
        main([option.format(root) for option in options])


def test_pictures_elsewhere_or_not_at_all(root, tmp_path, capsys):
    (root / 'json').mkdir()
    moved = (root / 'train.json').rename(root / 'json' / 'train.json')
    assert main([str(moved)]) == 2
    assert 'missing image: 1' in capsys.readouterr().out
    assert main([str(moved), '--data-root', str(root)]) == 0
    assert main([str(moved), '--no-images']) == 0


def test_decoding_finds_what_the_header_hides(root, capsys):
    Image.open(root / '0.jpg').save(root / 'picture.png')
    data = bytearray((root / 'picture.png').read_bytes())
    data[len(data) // 2] ^= 0xFF
    (root / '0.jpg').write_bytes(data)  # readers go by the content, not by the suffix
    assert main([str(root / 'train.json')]) == 0
    assert main([str(root / 'train.json'), '--decode']) == 2
    assert 'unreadable image: 1' in capsys.readouterr().out


def test_help(capsys):
    with pytest.raises(SystemExit) as caught:
        main(['--help'])
    assert caught.value.code == 0
    assert 'python tools/check_data.py data/trash' in capsys.readouterr().out


def test_table_of_label_pictures(indexed_minicity, capsys):
    assert main([str(indexed_minicity / 'train.json'), '--decode']) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f'{indexed_minicity}/train.json: 2 images, 2 label pictures'
    assert [lines[2].split(), lines[15].split(), lines[5].split()] == [
        ['road', '2', '100%', '7'],
        ['car', '1', '50%', '26'],
        ['wall', '0', '0%', '12'],
    ]
    assert lines[-2:] == ['0 errors', '0 warnings']
    assert main([str(indexed_minicity)]) == 0
