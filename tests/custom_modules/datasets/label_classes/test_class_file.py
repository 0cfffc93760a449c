import pytest

from custom_modules.datasets.label_classes import known_class_files, read_class_file
from custom_modules.utils import UserError

PATTERNS = "pictures = 'images/{split}/{name}.jpg'\nlabels = 'labels/{split}/{name}.png'\n"
CLASSES = "classes = [{ name = 'road', values = 1 }, { name = 'tree', values = [2, 3], color = [0, 128, 0] }]\n"


def test_minicity():
    classes = read_class_file('minicity')
    names = [category['name'] for category in classes.categories]
    assert len(names) == 19 and (names[0], names[13], names[18]) == ('road', 'car', 'bicycle')
    values = [value for category in classes.categories for value in category['values']]
    assert values == [7, 8, 11, 12, 13, 17, *range(19, 29), 31, 32, 33]
    assert sorted(values + classes.void) == list(range(34))  # every value of the label definition but -1
    assert classes.categories[13]['color'] == [0, 0, 142]


def test_train_ids_are_the_same_classes():
    raw, train = read_class_file('minicity'), read_class_file('minicity_train_ids')
    assert [(part['name'], part['color']) for part in raw.categories] == [
        (part['name'], part['color']) for part in train.categories
    ]
    assert [category['values'] for category in train.categories] == [[number] for number in range(19)]
    assert train.void == [255] and train.pictures == raw.pictures


@pytest.mark.parametrize(
    ('file', 'split', 'name', 'label'),
    [
        (
            'leftImg8bit/train/aachen_000000_000001_leftImg8bit.png',
            'train',
            'aachen_000000_000001',
            'gtFine/train/aachen_000000_000001_gtFine_labelIds.png',
        ),
        (
            'leftImg8bit/val/ulm/ulm_1_2_leftImg8bit.png',
            'val',
            'ulm/ulm_1_2',
            'gtFine/val/ulm/ulm_1_2_gtFine_labelIds.png',
        ),
        ('leftImg8bit/test/17.png', 'test', '17', 'gtFine/test/17_gtFine_labelIds.png'),
        ('leftImg8bit/train/17.jpg', 'train', None, None),
        ('leftImg8bit/train/17.png', 'val', None, None),
    ],
)
def test_names(file, split, name, label):
    classes = read_class_file('minicity')
    assert classes.picture_name(file, split) == name
    assert name is None or classes.label_file(name, split) == label
    assert classes.picture_folder(classes.pictures[0], split) == f'leftImg8bit/{split}'


def test_a_file_of_ones_own(tmp_path):
    path = tmp_path / 'mine.toml'
    path.write_text(PATTERNS + CLASSES + "void = 0\nsplits = { train = 'training' }\n")
    classes = read_class_file(path)
    assert classes.categories == [
        {'id': 0, 'name': 'road', 'values': [1]},
        {'id': 1, 'name': 'tree', 'values': [2, 3], 'color': [0, 128, 0]},
    ]
    assert classes.void == [0] and classes.label_file('a', 'train') == 'labels/training/a.png'
    assert classes.picture_name('images/val/a.b.jpg', 'val') == 'a.b'  # the dot of a pattern is a dot
    assert classes.picture_name('images/val/a-jpg', 'val') is None


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('classes = [', r'mine\.toml: .*'),
        (CLASSES, r'mine\.toml: has no pictures'),
        (PATTERNS, 'has no classes'),
        (PATTERNS + CLASSES + 'viod = [0]', r'unknown key viod; did you mean void\?'),
        (PATTERNS + CLASSES + 'void = [3]', 'value 3 is void and tree'),
        (PATTERNS + CLASSES + 'void = [256]', r'void is \[256\], not whole numbers from 0 to 255'),
        (PATTERNS + "classes = [{ name = 'a', values = [] }]", 'class a: values is empty'),
        (PATTERNS + "classes = [{ name = 'a' }]", r'class a: values is \[None\]'),
        (PATTERNS + 'classes = [{ values = 1 }]', 'class 0 has no name'),
        (PATTERNS + "classes = [{ name = 'a', values = 1, colour = [1, 2, 3] }]", 'class a: unknown key colour'),
        (PATTERNS + "classes = [{ name = 'a', values = 1, color = [1, 2] }]", r'color is \[1, 2\], not \[red'),
        (PATTERNS + "classes = [{ name = 'a', values = 1 }, { name = 'a', values = 2 }]", 'two classes are called a'),
        (PATTERNS.replace('/{split}', '', 1) + CLASSES, r"the pattern 'images/\{name\}\.jpg' needs \{split\}"),
        (PATTERNS.replace('labels/', '../labels/') + CLASSES, 'leads out of the data folder'),
        (PATTERNS + CLASSES + "splits = { training = 'train' }", 'splits names train, val, test'),
    ],
)
def test_mistakes(tmp_path, text, message):
    path = tmp_path / 'mine.toml'
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        read_class_file(path)


def test_unknown_names():
    assert known_class_files() == ['minicity', 'minicity_train_ids']
    with pytest.raises(UserError, match=r'--classes minicty: there is no such class file; did you mean minicity'):
        read_class_file('minicty')
    with pytest.raises(UserError, match=r'there are minicity, minicity_train_ids, or give a toml file'):
        read_class_file('voc')
