import json
import shutil

import numpy as np
import pytest
from PIL import Image

from custom_modules.datasets.checks import Findings
from custom_modules.datasets.label_classes import read_class_file
from custom_modules.datasets.label_index import check_replaceable, index_labels
from custom_modules.utils import UserError
from tests.custom_modules.datasets.minicity import STRIPES, stripes, write_minicity

PICTURE = 'leftImg8bit/train/aachen_000000_000001_leftImg8bit.png'
LABELS = 'gtFine/train/aachen_000000_000001_gtFine_labelIds.png'


@pytest.fixture
def root(tmp_path):
    return write_minicity(tmp_path / 'minicity')


def index(root, name='minicity'):
    findings = Findings(str(root))
    return index_labels(root, read_class_file(name), findings), findings


def test_content(root):
    found, findings = index(root)
    assert not findings.counts
    assert list(found.files) == ['train.json', 'val.json', 'test.json', 'train_all.json']
    train, test = found.files['train.json'], found.files['test.json']
    assert train['images'][0] == {
        'id': 1,
        'file_name': PICTURE,
        'width': 64,
        'height': 32,
        'label_file': LABELS,
        'labels': [0, 1, 13],
    }
    assert [image['labels'] for image in found.files['train_all.json']['images']] == [
        sorted(set(labels) - {255}) for _, labels in STRIPES.values()
    ]
    assert test['images'][1] == {'id': 6, 'file_name': 'leftImg8bit/test/1.png', 'width': 64, 'height': 32}
    assert train['categories'][13] == {'id': 13, 'name': 'car', 'values': [26], 'color': [0, 0, 142]}
    assert train['void'] == read_class_file('minicity').void and train['annotations'] == []


def test_counts(root):
    found, _ = index(root)
    stripe = 32 * 16
    assert found.pixels[[0, 1, 10, 18, 19]].tolist() == [5 * stripe, stripe, 2 * stripe, 2 * stripe, 2 * stripe]
    assert found.pixels.sum() == 4 * 32 * 64
    assert found.pictures[[0, 1, 3]].tolist() == [4, 1, 0]


def test_train_ids(root):
    for name, (_, labels) in STRIPES.items():
        Image.fromarray(stripes(labels)).save(root / f'gtFine/{name}_gtFine_labelTrainIds.png')
    raw, trained = index(root)[0], index(root, 'minicity_train_ids')[0]
    assert trained.pixels.tolist() == raw.pixels.tolist()
    Image.fromarray(stripes(STRIPES['train/aachen_000000_000001'][1])).save(root / LABELS)
    found, findings = index(root)  # one for the other: 255 gives it away
    assert found is None and 'value 255 on 512 pixels' in findings.lines(errors=True)[0]


def test_folders_below_and_hidden_files(root):
    for kind in ('leftImg8bit', 'gtFine'):
        (root / kind / 'train' / 'aachen').mkdir()
        for file in (root / kind / 'train').glob('*.png'):
            file.rename(file.parent / 'aachen' / file.name)
    (root / 'leftImg8bit' / 'train' / '._a_leftImg8bit.png').write_bytes(b'')
    (root / 'leftImg8bit' / 'train' / 'notes.txt').write_text('')
    found, findings = index(root)
    assert not findings.counts
    assert found.files['train.json']['images'][0]['label_file'] == LABELS.replace('train/', 'train/aachen/')


def test_only_the_splits_there_are(root):
    shutil.rmtree(root / 'leftImg8bit' / 'val')
    shutil.rmtree(root / 'leftImg8bit' / 'test')
    assert list(index(root)[0].files) == ['train.json']


def test_nothing_there(tmp_path):
    with pytest.raises(UserError, match=r'no picture there is called leftImg8bit/\{split\}/\{name\}_leftImg8bit\.png'):
        index(tmp_path)


def test_labelled_test_pictures(root):
    for number in (0, 1):
        (root / 'gtFine' / 'test').mkdir(exist_ok=True)
        Image.fromarray(stripes([7, 8])).save(root / 'gtFine' / 'test' / f'{number}_gtFine_labelIds.png')
    assert [image['labels'] for image in index(root)[0].files['test.json']['images']] == [[0, 1], [0, 1]]
    (root / 'gtFine' / 'test' / '1_gtFine_labelIds.png').unlink()
    _, findings = index(root)
    assert findings.lines(errors=True) == [
        'missing label picture: 1 (gtFine/test/1_gtFine_labelIds.png (of leftImg8bit/test/1.png)); '
        'label files are relative to the data folder'
    ]


def turn(path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.open(path).save(path, exif=exif)


def cut(path):
    path.write_bytes(path.read_bytes()[:-30])


MISTAKES = {
    'no label': (lambda root: (root / LABELS).unlink(), 'missing label picture', f'{LABELS} (of {PICTURE})'),
    'other size': (
        lambda root: Image.new('L', (64, 31), 7).save(root / LABELS),
        'label picture of another size than its photograph',
        f'{LABELS} is 64 x 31, {PICTURE} 64 x 32',
    ),
    'unknown values': (
        lambda root: Image.fromarray(stripes([7, 77, 200, 200])).save(root / LABELS),
        'value that is neither a class nor void',
        f'{LABELS} has value 77 on 512 pixels, value 200 on 1024 pixels',
    ),
    'coloured': (
        lambda root: Image.new('RGB', (64, 32)).save(root / LABELS),
        'label picture of several channels or more than 8 bits',
        f'{LABELS} is RGB',
    ),
    '16 bits': (
        lambda root: Image.fromarray(np.zeros((32, 64), np.uint16)).save(root / LABELS),
        'label picture of several channels or more than 8 bits',
        f'{LABELS} is I;16',
    ),
    'label cut off': (lambda root: cut(root / LABELS), 'unreadable label picture', f'{LABELS} ('),
    'label is text': (lambda root: (root / LABELS).write_text('x'), 'unreadable label picture', f'{LABELS} (no'),
    'picture cut off': (lambda root: cut(root / PICTURE), 'unreadable image', f'{PICTURE} ('),
    'turned picture': (
        lambda root: turn(root / PICTURE, 6),
        'EXIF orientation unlike the json (loading turns a picture by its tag, the boxes were drawn on the unturned '
        'one)',
        f'{PICTURE} has orientation 6',
    ),
}


@pytest.mark.parametrize(('spoil', 'kind', 'example'), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_named(root, spoil, kind, example):
    spoil(root)
    found, findings = index(root)
    assert found is None
    assert [(one.text, count) for one, count in findings.counts.items()] == [(kind, 1)]
    assert next(iter(findings.examples.values()))[0].startswith(example)


def test_damage_in_the_middle_of_labels_is_found(root):
    data = bytearray((root / LABELS).read_bytes())
    start = data.index(b'IDAT') + 8
    data[start : start + 8] = b'\xff' * 8
    (root / LABELS).write_bytes(data)
    found, findings = index(root)
    assert found is None and findings.lines(errors=True)[0].startswith(f'unreadable label picture: 1 ({LABELS} (')


def test_all_mistakes_are_told_at_once(root):
    for _, (spoil, *_rest) in list(MISTAKES.items())[:1]:
        spoil(root)
    (root / 'leftImg8bit/test/0.png').write_text('')
    Image.new('L', (64, 32), 99).save(root / 'gtFine/val/bochum_000000_000003_gtFine_labelIds.png')
    _, findings = index(root)
    assert findings.num_errors == 3 and len(findings.counts) == 3


def test_a_turned_picture_with_labels_drawn_on_the_turned_one_is_fine(root):
    turn(root / PICTURE, 6)
    Image.fromarray(stripes([7, 8]).T).save(root / LABELS)
    found, findings = index(root)
    assert not findings.counts
    first = found.files['train.json']['images'][0]
    assert (first['width'], first['height']) == (32, 64)


def test_a_flip_that_nothing_confirms_is_a_warning(root):
    turn(root / PICTURE, 3)
    found, findings = index(root)
    assert found is not None and findings.num_warnings == 1


def test_a_link_out_of_the_folder_is_refused(root, tmp_path):
    (root / LABELS).rename(tmp_path / 'elsewhere.png')
    (root / LABELS).symlink_to(tmp_path / 'elsewhere.png')
    assert index(root)[1].lines(errors=True)[0].startswith('link that leads out of the data folder: 1')


def test_only_an_index_is_replaced(tmp_path):
    (tmp_path / 'train.json').write_text(json.dumps({'void': [], 'images': []}))
    check_replaceable(tmp_path, ['train.json', 'val.json'])
    for text in ('{"images": []}', '[', '[]'):
        (tmp_path / 'val.json').write_text(text)
        with pytest.raises(UserError, match=r'val\.json exists and is no index of label pictures'):
            check_replaceable(tmp_path, ['train.json', 'val.json'])
