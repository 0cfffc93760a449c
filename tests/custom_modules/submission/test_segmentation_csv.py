import csv
import tracemalloc

import numpy as np
import pytest

from custom_modules.submission import kind_of, read_segmentation_csv, write_segmentation_csv
from custom_modules.utils import UserError

HEAD = 'image_id,PredictionString'
CLASSES = ('Background', 'Paper', 'Metal', 'Glass')
PIXELS = 256 * 256


def text_of(*first: object, rest: object = 0, count: int = PIXELS) -> str:
    """A PredictionString that begins with these and goes on with the same."""
    return ' '.join(map(str, [*first, *[rest] * (count - len(first))]))


@pytest.fixture
def labels():
    """Two label maps of four classes, and their pictures."""
    generator = np.random.default_rng(0)
    return {name: generator.integers(0, 4, (256, 256)).astype(np.uint8) for name in ('batch_1/0001.jpg', 'a, "b".jpg')}


@pytest.mark.fast
def test_another_reader_gets_the_same_pixels(tmp_path, labels):
    path = tmp_path / 'new' / 'submission.csv'
    assert write_segmentation_csv(path, labels.items(), classes=CLASSES, names=list(labels)) == 2
    limit = csv.field_size_limit(1 << 20)
    with open(path, encoding='utf-8', newline='') as file:
        head, *rows = csv.reader(file)
    csv.field_size_limit(limit)
    assert head == ['image_id', 'PredictionString']
    assert [row[0] for row in rows] == list(labels)
    for (name, string), expected in zip(rows, labels.values(), strict=True):
        assert np.array(string.split(' '), dtype=int).reshape(256, 256).tolist() == expected.tolist(), name
    assert path.read_bytes().count(b'\r') == 0
    again = read_segmentation_csv(path, CLASSES)
    assert again.names == tuple(labels)
    assert len(again.repairs) == 0
    assert all(np.array_equal(again[name], one) and again[name].dtype == np.uint8 for name, one in labels.items())
    assert kind_of(path) == 'csv of segmentation'


def test_other_ways_to_write_the_same(write):
    text = f'\ufeff,PredictionString,image_id\r\n\r\n0," {text_of(3)}",./b\\1.jpg\r\n1,{text_of("2.0")},c.jpg\r\n\r\n'
    table = read_segmentation_csv(write(text), CLASSES)
    assert table.names == ('b/1.jpg', 'c.jpg')
    assert [int(table[name][0, 0]) for name in table] == [3, 2]
    assert set(table.repairs.counts.values()) == {1}
    assert [text.split(' (')[0] for text in table.repairs.counts] == [
        'byte order mark',
        'unnamed index column',
        'columns in another order',
        'empty lines',
        'image ids with ./, // or \\',
        'rows with blanks around the PredictionString',
        'rows of labels with a decimal point',
    ]


@pytest.mark.parametrize(
    ('rows', 'message'),
    [
        pytest.param([f'a.jpg,{text_of(count=65535)}'], r'65535 labels, not 256 x 256 = 65536; is it cut', id='cut'),
        pytest.param([f'a.jpg,{text_of(count=512 * 512)}'], '512 x 512 must be shrunk first', id='full size'),
        pytest.param([f'a.jpg,{text_of(0, 0.5, count=12)}'], 'is this a csv of detections?', id='detections'),
        pytest.param(['a.jpg,'], 'has 0 labels', id='empty string'),
        pytest.param([f'a.jpg,{text_of(0, 4)}'], r'pixel 2 is 4: labels are 0 \(Background\) to 3 \(Glass', id='class'),
        pytest.param([f'a.jpg,{text_of(-1, -1)}'], r'pixel 1 is -1: .* \(2 such pixels\)', id='negative'),
        pytest.param([f'a.jpg,{text_of(1.5)}'], 'pixel 1 is 1.5: labels are whole numbers', id='not whole'),
        pytest.param([f'a.jpg,{text_of("nan")}'], 'pixel 1 is nan', id='nan'),
        pytest.param([f'a.jpg,{text_of(1, "x")}'], "'x' is no label", id='word'),
        pytest.param(
            [f'a.jpg,{text_of()}', f'./a.jpg,{text_of()}'], r'line 3 \(a.jpg\): has a row already, line 2', id='twice'
        ),
        pytest.param([f'a.jpg,{text_of()},'], 'line 2: has 3 fields, the head line has 2', id='fields'),
        pytest.param([f' ,{text_of()}'], 'line 2: the image_id is empty', id='nameless'),
        pytest.param([f'"a.jpg,{text_of()}'], 'line 2: not a row of a csv', id='quote'),
        pytest.param([], 'has no rows below', id='no rows'),
    ],
)
def test_refused(write, rows, message):
    path = write('\n'.join([HEAD, *rows]))
    with pytest.raises(UserError, match=message) as error:
        read_segmentation_csv(path, CLASSES)
    assert str(error.value).startswith(f'{path}: ')
    assert '\n' not in str(error.value)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ('', 'is empty'),
        ('name,labels\n', 'has the columns .*image_id,PredictionString'),
        (b'\x89PNG\xff\n', r'line 1: is not text in UTF-8'),
    ],
)
def test_other_files(write, content, message):
    with pytest.raises(UserError, match=message):
        read_segmentation_csv(write(content))


@pytest.mark.parametrize(
    ('rows', 'message'),
    [
        pytest.param([('a.jpg', np.zeros((256, 255), int))], r'row 1 \(a.jpg\): labels are 256 x 255', id='shape'),
        pytest.param([('a.jpg', np.full((256, 256), 4))], 'pixel 1 is 4', id='class'),
        pytest.param([('a.jpg', np.full((256, 256), 255))], '255, which stands for pixels that do not', id='ignored'),
        pytest.param([('a.jpg', np.full((256, 256), 0.5))], 'whole numbers, neither scores nor', id='probabilities'),
        pytest.param(
            [('a.jpg', np.zeros((256, 256), int))] * 2, r'row 2 \(a.jpg\): the picture comes twice', id='twice'
        ),
        pytest.param([('aa.jpg', np.zeros((256, 256), int))], 'no such picture; did you mean a.jpg', id='unknown'),
        pytest.param([('a.jpg', np.zeros((256, 256), int))], '1 pictures got no labels, such as b.jpg', id='missing'),
    ],
)
def test_nothing_is_written_from_bad_rows(tmp_path, rows, message):
    with pytest.raises(UserError, match=message):
        write_segmentation_csv(tmp_path / 'a.csv', rows, classes=CLASSES, names=['a.jpg', 'b.jpg'])
    assert list(tmp_path.iterdir()) == []


def test_memory_does_not_grow_with_rows(tmp_path):
    """The same high-water mark for two and for forty pictures, up to the names."""
    peaks = []
    for count in (2, 40):
        tracemalloc.start()
        path = tmp_path / f'{count}.csv'
        write_segmentation_csv(path, ((f'{n}.jpg', np.full((256, 256), n % 4)) for n in range(count)))
        table = read_segmentation_csv(path)
        assert [int(table[name][9, 9]) for name in table] == [n % 4 for n in range(count)]
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 100_000


@pytest.mark.parametrize(
    ('content', 'kind'),
    [
        (f'{HEAD}\na.jpg,{text_of()}', 'csv of segmentation'),
        (f'PredictionString,image_id\n"{text_of(count=99)}",a.jpg', 'csv of segmentation'),
        ('PredictionString,image_id\n,a.jpg\n0 0.5 1 2 3 4,b.jpg', 'csv of detections'),
        (f'{HEAD}\na.jpg,0 0.5 1 2 3 4', 'csv of detections'),
        (f'{HEAD}\na.jpg,0 1 1 2 3 4', 'csv of segmentation'),
        ('PredictionString,image_id\n0 1 1 2 3 4,a.jpg', 'csv of detections'),
        (HEAD, 'csv of segmentation'),
        ('', 'csv of detections'),
        ('[]', 'json'),
    ],
)
def test_kinds(write, content, kind):
    assert kind_of(write(content)) == kind
