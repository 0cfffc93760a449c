import json
import resource

import pytest

from custom_modules.utils import UserError
from tools._launch import run
from tools.submit import main


@pytest.fixture
def folder(tmp_path):
    """A json of two pictures without pixels, and predictions about the first."""
    content = {
        'images': [{'id': i, 'file_name': f'test/{i}.jpg', 'width': 64, 'height': 48} for i in (3, 4)],
        'categories': [{'id': 4, 'name': 'Glass'}, {'id': 2, 'name': 'Paper'}],
        'annotations': [],
    }
    (tmp_path / 'test.json').write_text(json.dumps(content))
    records = [
        {'image_id': 3, 'category_id': 4, 'bbox': [1.5, 2, 10, 20], 'score': 0.75},
        {'image_id': 3, 'category_id': 2, 'bbox': [60, 40, 5, 10], 'score': 0.5},  # over the edge
        {'image_id': 3, 'category_id': 2, 'bbox': [60, 40, 1e-9, 1], 'score': 0.25},  # lost in 8 digits
    ]
    (tmp_path / 'predictions.json').write_text(json.dumps(records))
    return tmp_path


@pytest.mark.fast
def test_write_and_check(folder, capsys):
    ann, out = ['--ann', str(folder / 'test.json')], folder / 'out' / 'submission.csv'
    assert main([str(folder / 'predictions.json'), *ann, '--out', str(out)]) == 0
    assert out.read_text() == (
        'PredictionString,image_id\n1 0.75 1.5 2 11.5 22 0 0.5 60 40 64 48,test/3.jpg\n,test/4.jpg\n'
    )
    printed = capsys.readouterr().out
    assert 'put right: boxes over the edge of the picture (clipped): 1\n' in printed
    assert 'boxes too thin for 8 digits (left out): 1\n' in printed
    assert f'{out}: 2 rows, 2 boxes, 1 pictures without boxes, scores 0.5 to 0.75\n' in printed
    assert main([str(out), *ann]) == 0
    assert capsys.readouterr().out.endswith('fit to be submitted\n')


def test_check_finds_errors_and_writing_mends_them(folder, capsys):
    ann, bad = ['--ann', str(folder / 'test.json')], folder / 'bad.csv'
    bad.write_text(',PredictionString,image_id\n0,1 0.75 1.5 2 70 22 ,./test/3.jpg\n')
    assert main([str(bad), *ann]) == 2
    printed = capsys.readouterr().out
    errors = [line for line in printed.split('\n') if line.startswith('error: ')]
    assert len(errors) == 4  # index column, ./, a picture without a row, outside
    assert 'labels without a box: 0 (Paper)\n' in printed
    assert main([str(bad), *ann, '--out', str(folder / 'good.csv')]) == 0
    assert '1 0.75 1.5 2 64 22,test/3.jpg\n' in (folder / 'good.csv').read_text()


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        pytest.param(['predictions.json'], 'is no csv; .* --out', id='json without --out'),
        pytest.param(['predictions.json', '--out', 'a.txt'], 'ends in .csv', id='suffix'),
        pytest.param(['a.csv', '--out', 'a.csv'], 'is a file that is read', id='over itself'),
        pytest.param(['a.csv', '--out', 'folder.csv'], 'is a folder', id='onto a folder'),
        pytest.param(['a.csv', '--out', 'a.csv/b.csv'], 'nothing can be written to', id='below a file'),
        pytest.param(['b.csv'], 'b.csv: no such file', id='no such csv'),
        pytest.param(['a.csv', '--ann', 'tset.json'], 'tset.json: no such file; did you mean .*test.json', id='ann'),
    ],
)
def test_refused(folder, monkeypatch, arguments, message):
    monkeypatch.chdir(folder)
    (folder / 'a.csv').write_text('PredictionString,image_id\n,test/3.jpg\n')
    (folder / 'folder.csv').mkdir()
    ann = [] if '--ann' in arguments else ['--ann', 'test.json']
    with pytest.raises(UserError, match=message):
        main([*arguments, *ann])
    assert (folder / 'a.csv').read_text().endswith(',test/3.jpg\n')


def test_no_space_left(folder, capsys):
    arguments = [str(folder / 'predictions.json'), '--ann', str(folder / 'test.json'), '--out', str(folder / 'a.csv')]
    (folder / 'a.csv').write_text('old')
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, limits[1]))
    try:
        with pytest.raises(SystemExit) as ended:
            run(lambda: main(arguments))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert ended.value.code == 2
    assert capsys.readouterr().err == f'error: {folder / "a.csv"}: File too large\n'
    assert (folder / 'a.csv').read_text() == 'old'
    assert sorted(path.name for path in folder.iterdir()) == ['a.csv', 'predictions.json', 'test.json']


def test_nothing_is_written_from_bad_predictions(folder):
    (folder / 'predictions.json').write_text('[{"image_id": 9, "category_id": 2, "bbox": [1, 2, 3, 4], "score": 1}]')
    with pytest.raises(UserError, match='image_id 9 is not in the data set'):
        main(
            [
                str(folder / 'predictions.json'),
                '--ann',
                str(folder / 'test.json'),
                '--out',
                str(folder / 'new' / 'a.csv'),
            ]
        )
    assert not (folder / 'new').exists()
