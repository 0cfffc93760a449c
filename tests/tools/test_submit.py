import json
import resource
from pathlib import Path

import cv2
import numpy as np
import pytest

from custom_modules.datasets import load_coco
from custom_modules.datasets.label_maps import LabelMaps
from custom_modules.datasets.label_pictures import write_labels
from custom_modules.ensemble import write_probs
from custom_modules.submission import read_segmentation_csv
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


@pytest.fixture
def photographs(tmp_path, synthetic_root):
    """Four photographs of a data set with their true label maps: as probabilities and as label pictures."""
    coco = load_coco(synthetic_root / 'test_answers.json')
    maps = LabelMaps(coco)
    names = {image['id']: image['file_name'] for image in coco.images}
    certain = np.eye(len(maps.classes), dtype=np.float32)
    write_probs(
        tmp_path / 'test.probs',
        maps.classes,
        [(one, names[one], certain[maps[one]].transpose(2, 0, 1)) for one in names],
    )
    for one, name in names.items():
        write_labels(tmp_path / 'labels' / f'{one:06d}_{Path(name).stem}_labels.png', maps[one], [(0, 0, 0)])
    return coco, maps, names


@pytest.mark.fast
def test_label_maps_are_written_checked_and_drawn(photographs, tmp_path, capsys):
    coco, maps, names = photographs
    ann, out = ['--ann', str(coco.path)], tmp_path / 'a.csv'
    draw = ['--draw', str(tmp_path / 'drawn')]
    assert main([str(tmp_path / 'test.probs'), *ann, '--out', str(out), *draw]) == 0
    printed = capsys.readouterr().out
    assert f'{out}: 4 rows of 256 x 256 labels: Background ' in printed
    assert f'fit to be submitted\ndrawn in {tmp_path / "drawn"}\n' in printed
    drawings = [cv2.imread(str(path)) for path in (tmp_path / 'drawn').iterdir()]
    assert len(drawings) == 4 and all(drawing is not None for drawing in drawings)
    table = read_segmentation_csv(out)
    for one, name in names.items():
        assert np.array_equal(table[name], cv2.resize(maps[one], (256, 256), interpolation=cv2.INTER_NEAREST))
    assert main([str(tmp_path / 'labels'), *ann, '--out', str(tmp_path / 'b.csv')]) == 0
    assert (tmp_path / 'b.csv').read_bytes() == out.read_bytes()
    assert main([str(out), *ann, *draw]) == 0
    assert main([str(tmp_path / 'test.probs'), *ann, '--out', str(tmp_path / 'c.csv'), '--resize', 'prob']) == 0
    assert (tmp_path / 'c.csv').read_bytes() == out.read_bytes()  # 128 px are doubled: certain labels stay


def test_label_maps_that_are_not_fit(photographs, tmp_path, capsys):
    coco = photographs[0]
    ann, out = ['--ann', str(coco.path)], tmp_path / 'a.csv'
    assert main([str(tmp_path / 'test.probs'), *ann, '--out', str(out)]) == 0
    head, *rows = out.read_text().splitlines()
    out.write_text('\n'.join([head, f'./{rows[0]}', *rows[1:]]))
    assert main([str(out), *ann, '--draw', str(tmp_path / 'drawn')]) == 2
    assert capsys.readouterr().out.endswith('--ann JSON --out CSV\nnothing drawn\n')
    assert main([str(out), *ann, '--out', str(tmp_path / 'b.csv')]) == 0
    assert (tmp_path / 'b.csv').read_text().splitlines() == [head, *rows]
    out.write_text('\n'.join([head, rows[0][:-2], *rows[1:]]))
    assert main([str(out), *ann]) == 2
    assert 'not to be mended by this tool: its rows have' in capsys.readouterr().out
    with pytest.raises(UserError, match=r'line 2 .*: has 65535 labels'):
        main([str(out), *ann, '--out', str(tmp_path / 'c.csv')])


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        pytest.param(['test.probs'], 'is no csv; to write one from this folder of probabilities', id='no out'),
        pytest.param(['labels'], 'is no csv; to write one from this folder of label pictures', id='labels without'),
        pytest.param(['found.json', '--out', 'a.csv', '--draw', 'd'], '--draw: is for segmentation', id='draw boxes'),
        pytest.param(
            ['labels', '--out', 'a.csv', '--resize', 'prob'], '--resize: is for writing from prob', id='resize'
        ),
        pytest.param(['empty.probs', '--out', 'a.csv'], 'index.json is missing', id='damaged'),
        pytest.param(['images', '--out', 'a.csv'], 'with neither label pictures', id='photographs'),
    ],
)
def test_wrong_kinds_are_refused(photographs, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'found.json').write_text('[]')
    (tmp_path / 'empty.probs').mkdir()
    (tmp_path / 'images').mkdir()
    (tmp_path / 'images' / '1.jpg').touch()
    with pytest.raises(UserError, match=message):
        main([*arguments, '--ann', str(photographs[0].path)])
    assert not (tmp_path / 'a.csv').exists()


def test_advice_that_works(folder, capsys):
    """Labels that count from 1 are not put right by writing the csv again."""
    (folder / 'a.csv').write_text('PredictionString,image_id\n2 0.5 1 1 9 9,test/3.jpg\n1 0.5 0 0 1 1,test/4.jpg\n')
    assert main([str(folder / 'a.csv'), '--ann', str(folder / 'test.json')]) == 2
    printed = capsys.readouterr().out
    assert 'labels count from 0, so subtract 1' in printed
    assert 'not to be mended by this tool: line 2' in printed
    assert '--out CSV' not in printed
