import numpy as np
import pytest
from PIL import Image

from custom_modules.datasets.checks import Findings, check_label_files, check_label_records
from custom_modules.datasets.checks.label_files import check_label_file


def images(**changes):
    first = {'id': 1, 'file_name': 'a.jpg', 'width': 4, 'height': 3, 'label_file': 'a.png', 'labels': [0, 1.0]}
    return [{**first, **changes}]


def categories(*values):
    values = values or ([7], [8, 9])
    return [{'id': number, 'name': f'class {number}', 'values': part} for number, part in enumerate(values)]


def check(images, categories, void=(), *, has_annotations=False):
    findings, content = Findings('train.json'), {'void': list(void)}
    safe = check_label_records(content, images, categories, findings, has_annotations=has_annotations)
    return safe, findings.lines(errors=True), content


def test_good_records():
    records, known = images(), categories([7.0], [8, 9])
    known[0]['color'] = [0, 128.0, 255]
    safe, errors, content = check(records, known, [0])
    assert safe == records and not errors and content['void'] == [0]
    assert records[0]['labels'] == [0, 1] and [type(label) for label in records[0]['labels']] == [int, int]
    assert known[0]['values'] == [7] and known[0]['color'] == [0, 128, 255]


def test_a_set_of_objects_passes_untouched():
    records, known = [{'id': 1, 'file_name': 'a.jpg'}], [{'id': 1, 'name': 'Paper'}]
    assert check(records, known) == ([], [], {'void': []})
    assert known == [{'id': 1, 'name': 'Paper'}]
    # What somebody's exporter calls values is none of our business where there are objects.
    assert check(records, [{'id': 1, 'name': 'Paper', 'values': 'x'}], has_annotations=True)[1] == []


@pytest.mark.parametrize(
    ('records', 'known', 'void', 'error'),
    [
        (images(), categories([7], [7]), [], 'label value of two classes: 1 (category 1: value 7 is class 0, too)'),
        (images(), categories([7], [8]), [8], 'label value of two classes: 1 (category 1: value 8 is void, too)'),
        (images(), categories([7], [256]), [], 'wrong value: 1 (category 1: values is [256], no list of whole'),
        (images(), categories([7], 'x'), [], 'wrong value: 1 (category 1: values is x, no list of whole'),
        (images(), categories([7], [8]), [-1], 'wrong value: 1 (void is [-1], no list of whole numbers'),
        (
            images(),
            [*categories([7]), {'id': 5, 'name': 'b'}],
            [],
            'missing key: 1 (category 5: values, which label pictures need)',
        ),
        (
            images(),
            [{**categories([7])[0], 'color': [1, 2]}, categories([7], [8])[1]],
            [],
            'wrong value: 1 (category 0: color is [1, 2], no list of three whole',
        ),
        (images(labels=[0, 2]), categories(), [], 'wrong value: 1 (image 1: a.jpg: labels is [0, 2], no list of'),
        (images(labels=None), categories(), [], 'wrong value: 1 (image 1: a.jpg: labels is None'),
        (images(label_file='../a.png'), categories(), [], 'path outside the data folder: 1 (image 1: label_file is ..'),
        (images(label_file='/a.png'), categories(), [], 'path outside the data folder: 1'),
        (images(label_file=3), categories(), [], 'wrong value: 1 (image 1: label_file is 3)'),
        (
            [*images(), {'id': 2, 'file_name': 'b.jpg'}],
            categories(),
            [],
            'missing key: 1 (image 2: b.jpg has no label_file, others have)',
        ),
        (
            images(),
            [{'id': number, 'name': str(number), 'values': [number]} for number in range(256)],
            [],
            'more classes than a label map holds: 1 (256 categories, label maps hold 255)',
        ),
    ],
)
def test_mistakes_in_records(records, known, void, error):
    _, errors, _ = check(records, known, void)
    assert len(errors) == 1 and errors[0].startswith(error)


def test_missing_classes_of_a_picture():
    records = images()
    del records[0]['labels']
    assert check(records, categories())[1] == ['missing key: 1 (image 1: a.jpg: labels, the classes on it)']


def test_objects_and_label_pictures_in_one_file():
    _, errors, _ = check(images(), categories(), has_annotations=True)
    assert errors[0].startswith('annotations and label pictures in one file: 1 (1 images have a label_file')


@pytest.mark.parametrize(
    ('write', 'kind', 'detail'),
    [
        (lambda path: Image.new('L', (4, 3)).save(path), None, None),
        (lambda path: Image.new('P', (4, 3)).save(path), None, None),
        (lambda path: Image.new('RGB', (4, 3)).save(path), 'label picture of several channels', ' is RGB'),
        (lambda path: Image.new('L', (3, 4)).save(path), 'label picture of another size', ' is 3 x 4, the photograph'),
        (lambda path: Image.new('L', (4, 3)).save(path, 'JPEG'), 'unreadable label picture', ' (no picture of a known'),
        (lambda path: path.write_bytes(b''), 'unreadable label picture', ' (no picture'),
        (lambda path: path.mkdir(), 'unreadable label picture', ' is no file'),
        (lambda path: None, 'missing label picture', ''),
    ],
    ids=['grey', 'palette', 'colours', 'size', 'jpeg', 'empty', 'folder', 'missing'],
)
def test_files(tmp_path, write, kind, detail):
    path = tmp_path / 'a.png'
    write(path)
    finding = check_label_file(path, 4, 3)
    if kind is None:
        assert finding is None
    else:
        assert finding[0].text.startswith(kind) and finding[1].startswith(detail)


def test_values_are_looked_at_though_their_record_may_be_older(tmp_path):
    Image.fromarray(np.array([[7, 8, 77]], np.uint8)).save(tmp_path / 'a.png')
    records, findings = images(width=3, height=1), Findings('train.json')
    check_label_files(records, tmp_path, findings, categories=categories(), void=[])
    wanted = ['value that is neither a class nor void: 1 (image 1: a.png has value 77 on 1 pixel); add it to a class']
    assert [line.partition(' or to void')[0] for line in findings.lines(errors=True)] == wanted


def test_a_link_out_of_the_folder(tmp_path):
    (tmp_path / 'data').mkdir()
    Image.new('L', (4, 3)).save(tmp_path / 'b.png')
    (tmp_path / 'data' / 'a.png').symlink_to(tmp_path / 'b.png')
    findings = Findings('train.json')
    check_label_files(images(), tmp_path / 'data', findings, categories=categories(), void=[])
    assert findings.lines(errors=True)[0].startswith('link that leads out of the data folder: 1 (image 1: a.png)')
