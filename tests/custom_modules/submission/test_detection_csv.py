import numpy as np
import pytest

from custom_modules.evaluation import Predictions
from custom_modules.submission import read_detection_csv, read_member, write_detection_csv
from custom_modules.utils import UserError

from .conftest import HEAD

BOX = '1 0.5 10 5 30 25'


@pytest.mark.parametrize(
    ('text', 'repairs'),
    [
        pytest.param(f'{HEAD}\n{BOX},a.jpg\n', {}, id='as it should be'),
        pytest.param(f'{HEAD}\r\n{BOX},a.jpg\r\n', {}, id='line ends of Windows'),
        pytest.param(f'{HEAD}\r{BOX},a.jpg\r', {}, id='line ends of old Macs'),
        pytest.param(f'{HEAD}\n{BOX},a.jpg', {}, id='no line end at the end'),
        pytest.param(f'{HEAD}\n{BOX},a.jpg\n\n\n', {}, id='empty lines at the end'),
        pytest.param(f'image_id,PredictionString\na.jpg,{BOX}\n', {}, id='columns the other way round'),
        pytest.param(f'"PredictionString","image_id"\n"{BOX}","a.jpg"\n', {}, id='quoted'),
        pytest.param(f'\ufeff{HEAD}\n{BOX},a.jpg\n', {'byte order mark': 1}, id='byte order mark'),
        pytest.param(f'{HEAD}\n{BOX} ,a.jpg\n', {'rows with blanks around': 1}, id='trailing blank'),
        pytest.param(f'{HEAD}\n  {BOX.replace(" ", "  ")},a.jpg\n', {'rows with blanks around': 1}, id='many blanks'),
        pytest.param(f',{HEAD}\n0,{BOX},a.jpg\n', {'unnamed index column': 1}, id='unnamed index column'),
        pytest.param(f'Unnamed: 0,{HEAD}\n0,{BOX},a.jpg\n', {'unnamed index column': 1}, id='index column of pandas'),
        pytest.param(f'{HEAD}\n\n{BOX},a.jpg\n,\n', {'empty lines': 1}, id='an empty line in the middle'),
        pytest.param(f'{HEAD}\n{BOX},./a.jpg\n', {'image ids with': 1}, id='dot and slash'),
        pytest.param(f'{HEAD}\n{BOX},.\\\\a.jpg\n', {'image ids with': 1}, id='backslashes'),
        pytest.param(f'{HEAD}\n{BOX}, a.jpg \n', {}, id='blanks around the image id'),
        pytest.param(
            f'{HEAD}\n{BOX},a.jpg\n{BOX},a.jpg\n',
            {'rows of a picture that has a row already': 1, 'boxes that an earlier row': 1},
            id='the same row twice',
        ),
    ],
)
def test_one_box_however_written(write, text, repairs):
    table = read_detection_csv(write(text))
    assert table.names == ['a.jpg']
    assert table.labels.tolist() == [1]
    assert table.scores.tolist() == [0.5]
    assert table.boxes_xyxy.tolist() == [[10, 5, 30, 25]]
    assert list(table.repairs.counts.values()) == list(repairs.values())
    for kind, start in zip(table.repairs.counts, repairs, strict=True):
        assert kind.startswith(start)


def test_rows_and_places(write):
    rows = [f'{BOX} {BOX},a.jpg', ',b.jpg', 'nan,c.jpg', f'{BOX},a.jpg', f'2{BOX[1:]} {BOX},./a.jpg']
    table = read_detection_csv(write('\n'.join([HEAD, *rows])))
    assert table.names == ['a.jpg', 'b.jpg', 'c.jpg']
    assert table.places == ['line 2', 'line 3', 'line 4']
    # Of the later rows of a.jpg only the box of class 2 is new; a row may hold a box twice.
    assert table.pictures.tolist() == [0, 0, 0]
    assert table.labels.tolist() == [1, 1, 2]
    assert [table.where(box) for box in range(3)] == [
        'line 2 (a.jpg), box 1',
        'line 2 (a.jpg), box 2',
        'line 6 (./a.jpg), box 1',
    ]
    assert sorted(table.repairs.counts.values()) == [1, 1, 2, 2]  # nan, ./, two rows more, two boxes known


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        pytest.param('', 'a.csv: is empty', id='empty file'),
        pytest.param('\n \n', 'a.csv: is empty', id='blank file'),
        pytest.param(f'{HEAD}\n', 'has no rows below its head line', id='head line alone'),
        pytest.param(f'{BOX},a.jpg\n', r'has the columns .*, a submission has PredictionString,image_id', id='no head'),
        pytest.param('a,b\n1,2\n', r"has the columns 'a,b'", id='other columns'),
        pytest.param(f'{HEAD},x\n,a.jpg,1\n', r'has the columns', id='a column more'),
        pytest.param(f'image_id,{HEAD}\nb,,a.jpg\n', r'has the columns', id='a column twice'),
        pytest.param('PredictionString;image_id\n;a.jpg\n', r'has the columns', id='semicolons'),
        pytest.param(f'{HEAD}\n,a.jpg\n{BOX}\n', 'line 3: has 1 fields, the head .*cut off', id='cut off'),
        pytest.param(f'{HEAD}\n,a.jpg,\n', 'line 2: has 3 fields', id='a field more'),
        pytest.param(f'{HEAD}\n{BOX},\n', 'line 2: the image_id is empty', id='no image id'),
        pytest.param(
            f'{HEAD}\n{BOX},a.jpg\n\n{BOX} 1,b.jpg\n',
            r'line 4 \(b.jpg\): has 7 numbers, a box has six',
            id='seven numbers',
        ),
        pytest.param(f'{HEAD}\n0 0.5 1 2 3,a.jpg\n', 'has 5 numbers.*a score or a label is missing', id='five numbers'),
        pytest.param(
            f'{HEAD}\n{BOX},a.jpg\n1 0.5 10 5 30 x25,b.jpg\n',
            r"line 3 \(b.jpg\): 'x25' is not a number",
            id='a word among the numbers',
        ),
        pytest.param(f'{HEAD}\n"{BOX},a.jpg\n{BOX},b.jpg\n', 'line 2: not a row of a csv', id='a quote never closed'),
        pytest.param(
            f'{HEAD}\n{" ".join(["0"] * 65536)},a.jpg\n', 'this is a submission of segmentation', id='segmentation'
        ),
        pytest.param(b'\xff\xfe' + HEAD.encode('utf-16-le'), 'is not text in UTF-8', id='UTF-16'),
        pytest.param(b'PK\x03\x04\xff\xff', 'is not text in UTF-8', id='a spreadsheet'),
    ],
)
def test_refused(write, content, message):
    with pytest.raises(UserError, match=message) as error:
        read_detection_csv(write(content))
    assert '\n' not in str(error.value)
    assert len(str(error.value)) < 500


def test_missing_file(tmp_path):
    with pytest.raises(UserError, match='No such file'):
        read_detection_csv(tmp_path / 'none.csv')


def test_a_huge_row(write):
    table = read_detection_csv(
        write(f'{HEAD}\n{" ".join([BOX] * 20_000)},a.jpg\n')
    )  # 340 kB, the csv module stops at 128
    assert len(table) == 20_000


def test_written_and_read_again(write, coco, tmp_path):
    predictions = Predictions(
        image_ids=np.array([13, 11, 13]),
        category_ids=np.array([9, 2, 5]),
        boxes_xywh=np.array([[1.25, 2.5, 10, 20], [0, 0, 100, 50], [12.345678, 1e-7, 3.25, 4]]),
        scores=np.array([0.12345678, 1e-9, 1]),
    )
    path = tmp_path / 'out' / 'a.csv'
    names = {image['id']: image['file_name'] for image in coco['images']}
    write_detection_csv(path, predictions, names, [2, 5, 9])
    assert path.read_bytes().decode().split('\n') == [
        HEAD,
        '0 1e-09 0 0 100 50,test/0001.jpg',
        ',test/0002.jpg',
        '2 0.12345678 1.25 2.5 11.25 22.5 1 1 12.345678 1e-07 15.595678 4.0000001,test/0003.jpg',
        '',
    ]
    again = read_member(path, coco)
    assert not again.repairs
    order = [1, 0, 2]  # by picture
    for column in ('image_ids', 'category_ids', 'scores'):
        np.testing.assert_array_equal(getattr(again.predictions, column), getattr(predictions, column)[order])
    np.testing.assert_allclose(again.predictions.boxes_xywh, predictions.boxes_xywh[order], rtol=1e-7, atol=1e-7)
