"""Two pictures with an object each; detector a finds the first, b the second, and both the same stray box."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from custom_modules.ensemble import CONF_TYPES, METHODS, FusionParams
from custom_modules.utils import UserError
from tools import _fusion_options, wbf_ensemble
from tools.wbf_ensemble import main

FIRST, SECOND = [10, 10, 20, 20], [60, 20, 30, 20]
HALF = 51 / 101  # one of two objects found: precision 1 up to recall 0.5, which is 51 of 101 recalls
MASK = {'size': [50, 100], 'counts': [0, 50, 4950]}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A json with answers, one without, and the detections of a (json), b (csv) and c (YOLO: nothing)."""
    images = [{'id': i, 'file_name': f'test/{i}.jpg', 'width': 100, 'height': 50} for i in (3, 4)]
    answers = [(3, FIRST), (4, SECOND)]
    content = {
        'images': images,
        'categories': [{'id': 7, 'name': 'Glass'}, {'id': 2, 'name': 'Paper'}],
        'annotations': [
            {'id': i, 'image_id': image, 'category_id': 7, 'bbox': box, 'area': box[2] * box[3], 'iscrowd': 0}
            for i, (image, box) in enumerate(answers)
        ],
    }
    (tmp_path / 'val.json').write_text(json.dumps(content))
    (tmp_path / 'test.json').write_text(json.dumps({**content, 'annotations': []}))
    (tmp_path / 'a.json').write_text(json.dumps([result(3, 7, FIRST, 0.75)]))
    (tmp_path / 'b.csv').write_text(',PredictionString,image_id\n0,1 0.5 60 20 90 40 ,./test/4.jpg\n', encoding='utf-8')
    (tmp_path / 'c').mkdir()
    (tmp_path / 'c' / '3.txt').write_text('')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_fusion_options, 'WORK_DIRS', tmp_path / 'work_dirs')
    return tmp_path


def result(image_id, category_id, box_xywh, score, **more):
    """Make a COCO result."""
    return {'image_id': image_id, 'category_id': category_id, 'bbox': box_xywh, 'score': score, **more}


def read(path):
    """Read a json."""
    return json.loads(path.read_text())


def add_run(folder, name, ann='val.json', records=(), **notes):
    """Write a run's predictions as test.py does."""
    predictions = folder / 'work_dirs' / name / 'predictions' / ann
    predictions.parent.mkdir(parents=True, exist_ok=True)
    predictions.write_text(json.dumps(list(records)))
    notes = {'ann': str((folder / ann).resolve()), 'config': 'x.py', **notes}
    predictions.with_suffix('.run.json').write_text(json.dumps(notes))
    return predictions


@pytest.mark.fast
def test_three_formats_fused_and_scored(folder, capsys):
    assert main(['a.json', 'b.csv', 'c', '--ann', 'val.json', '--out', 'out/fused.json']) == 0
    # One member of three has each box: a third of its score.
    assert read(folder / 'out' / 'fused.json') == [result(3, 7, FIRST, 0.25), result(4, 7, SECOND, 0.16666667)]
    lines = capsys.readouterr().out.rstrip().split('\n')
    assert lines[0] == 'a.json: 1 boxes'
    assert lines[1].startswith('b.csv: 1 boxes; unnamed index column (left out): 1; ')
    assert 'pictures without a row (taken as without boxes): 1' in lines[1]
    assert lines[2] == 'c: 0 boxes; pictures without a txt file (taken as without boxes): 1'
    assert lines[3] == '2 boxes of 2 pictures: out/fused.json'
    table = {line.split('  ')[0].rstrip(): line.split() for line in lines[-9:]}
    assert [table[name][-1] for name in ('a.json', 'b.csv', 'c')] == ['0.5050', '0.5050', '0.0000']
    assert table['fusion'][1:3] == ['1.0000', '+0.4950']
    assert table['without a.json'][2:] == ['0.5050', '-0.4950']
    assert table['without c'][2:] == ['1.0000', '+0.0000']
    assert lines[-1] == 'mAP50 1.000000'
    metrics, notes = read(folder / 'out' / 'fused.metrics.json'), read(folder / 'out' / 'fused.run.json')
    assert metrics['scores']['mAP50'] == pytest.approx(1)
    assert metrics['comparison']['members'] == pytest.approx({'a.json': HALF, 'b.csv': HALF, 'c': 0})
    assert metrics['comparison']['without']['b.csv'] == pytest.approx(HALF)
    assert notes['ann'] == str(folder / 'val.json')
    assert [member['format'] for member in notes['members']] == ['json', 'csv', 'yolo']
    assert (notes['cat_ids'], notes['params']['weights']) == ([2, 7], [1, 1, 1])


@pytest.mark.parametrize(
    ('options', 'strings'),
    [
        # WBF: x (0.8 * 10 + 0.4 * 14) / 1.2, score (0.8 + 0.4) / 2; the box of b.jpg has one of two members.
        pytest.param([], ['0 0.6 11.333333 10 31.333333 30', '2 0.25 1 1 9 9', ''], id='equal weights'),
        # x (2.4 * 10 + 0.4 * 14) / 2.8, score (2.4 + 0.4) / 4; the box of b.jpg: 1 * 0.5 / 4.
        pytest.param(['--weights', '3', '1'], ['0 0.7 10.571429 10 30.571429 30', '2 0.125 1 1 9 9', ''], id='weights'),
        pytest.param(['--weights', '0', '1'], ['0 0.4 14 10 34 30', '2 0.5 1 1 9 9', ''], id='one left out'),
        pytest.param(['--method', 'nms'], ['0 0.8 10 10 30 30', '2 0.5 1 1 9 9', ''], id='nms'),
        pytest.param(
            ['--iou-thr', '0.7'], ['0 0.4 10 10 30 30 0 0.2 14 10 34 30', '2 0.25 1 1 9 9', ''], id='IoU threshold'
        ),
        pytest.param(
            ['--iou-thr', '0.7', '--max-per-image', '1'], ['0 0.4 10 10 30 30', '2 0.25 1 1 9 9', ''], id='one each'
        ),
        pytest.param(['--skip-box-thr', '0.5'], ['0 0.4 10 10 30 30', '2 0.25 1 1 9 9', ''], id='low scores'),
        pytest.param(['--conf-type', 'max'], ['0 0.8 11.333333 10 31.333333 30', '2 0.5 1 1 9 9', ''], id='max'),
    ],
)
def test_csv_to_csv_without_a_data_set(folder, options, strings):
    (folder / 'x.csv').write_text('PredictionString,image_id\n0 0.8 10 10 30 30,a.jpg\n,b.jpg\n')
    (folder / 'y.csv').write_text('PredictionString,image_id\n2 0.5 1 1 9 9,b.jpg\n0 0.4 14 10 34 30,a.jpg\n,z.jpg\n')
    assert main(['x.csv', 'y.csv', '--image-size', '100', '50', '--out', 'fused.csv', *options]) == 0
    rows = [line.rsplit(',', 1) for line in (folder / 'fused.csv').read_text().splitlines()]
    assert [name for _, name in rows] == ['image_id', 'a.jpg', 'b.jpg', 'z.jpg']
    numbers = [list(map(float, string.split())) for string, _ in rows[1:]]
    assert [len(row) for row in numbers] == [len(string.split()) for string in strings]
    for found, string in zip(numbers, strings, strict=True):
        assert found == pytest.approx(list(map(float, string.split())), rel=1e-6)  # the sums are of 32 bits


def test_an_ann_without_answers_scores_nothing(folder, capsys):
    main(['a.json', 'b.csv', '--ann', 'test.json'])
    out = folder / 'work_dirs' / 'ensemble' / 'test.json'
    assert len(read(out)) == 2
    assert not out.with_suffix('.metrics.json').exists()
    assert capsys.readouterr().out.endswith('test.json has no answers, nothing scored\n')


def test_a_single_file_is_fused_with_itself(folder):
    records = [result(3, 7, [10, 10, 20, 20], 0.5), result(3, 7, [10, 10, 20, 19], 0.25)]
    (folder / 'a.json').write_text(json.dumps(records))
    main(['a.json', '--ann', 'val.json', '--method', 'nms', '--out', 'out.json'])
    assert read(folder / 'out.json') == records[:1]


@pytest.mark.fast
def test_bare_call_takes_the_runs_of_one_split(folder, capsys):
    add_run(folder, 'a', records=[result(3, 7, FIRST, 0.75)])
    add_run(folder, 'demo/b', records=[result(4, 7, SECOND, 0.5)])
    add_run(folder, 'a', 'test.json')
    add_run(folder, 'benchmarks/c')
    add_run(folder, 'ensemble')
    add_run(folder, 'gone', ann='val.json').unlink()
    add_run(folder, 'elsewhere', ann='val.json', **{'command': 1}).with_suffix('.run.json').write_text('{"ann": "x"}')
    assert main([]) == 0
    printed = capsys.readouterr().out
    runs = 'work_dirs/a/predictions/val.json work_dirs/demo/b/predictions/val.json'
    assert printed.startswith(f'fusing the predictions of 2 runs on val.json: {runs}\n')
    assert printed.endswith('mAP50 1.000000\n')
    assert len(read(folder / 'work_dirs' / 'ensemble' / 'val.json')) == 2
    main([])  # what the first call wrote is no run
    assert capsys.readouterr().out.startswith('fusing the predictions of 2 runs')


def test_bare_call_on_a_split_that_is_named(folder, capsys):
    for name in ('a', 'b', 'c'):
        add_run(folder, name)
    for name in ('a', 'b'):
        add_run(folder, name, 'test.json')
    main(['--ann', 'test.json'])
    assert capsys.readouterr().out.startswith('fusing the predictions of 2 runs on test.json')


def test_bare_call_says_what_else_there_is(folder, capsys):
    for ann in ('val.json', 'test.json'):
        for name in ('a', 'b'):
            add_run(folder, name, ann)
    main([])
    said = capsys.readouterr().out
    assert said.startswith('fusing the predictions of 2 runs on val.json')  # the older one, but with answers
    assert '--ann takes another: test.json\n' in said
    assert 'earlier --search' not in said


def test_bare_call_with_nothing_there(folder):
    with pytest.raises(
        UserError, match='no run under work_dirs has predictions yet; first run python tools/test.py CON'
    ):
        main([])
    for name in ('best.pth', 'config.py'):
        (folder / 'work_dirs' / 'htc').mkdir(parents=True, exist_ok=True)
        (folder / 'work_dirs' / 'htc' / name).write_text('')
    with pytest.raises(
        UserError, match='first run python tools/test.py work_dirs/htc/config.py work_dirs/htc/best.pth'
    ):
        main([])
    add_run(folder, 'htc')
    with pytest.raises(
        UserError, match='only work_dirs/htc/predictions/val.json is there .* tools/test.py .*--split val'
    ):
        main([])
    with pytest.raises(UserError, match='no run under work_dirs has predictions on test.json yet'):
        main(['--ann', 'test.json'])


@pytest.fixture
def larger(folder):
    """Twenty pictures with an object each; a and b find different halves of them."""
    boxes = {i: [i, 5, 30, 30] for i in range(20)}
    content = read(folder / 'val.json')
    content['images'] = [{'id': i, 'file_name': f'{i}.jpg', 'width': 100, 'height': 50} for i in boxes]
    content['annotations'] = [
        {'id': i, 'image_id': i, 'category_id': (2, 7)[i % 2], 'bbox': box, 'area': 900, 'iscrowd': 0}
        for i, box in boxes.items()
    ]
    (folder / 'val.json').write_text(json.dumps(content))
    for name, found in (('a', lambda i: i % 3), ('b', lambda i: not i % 3 or i % 2)):
        records = [result(i, (2, 7)[i % 2], box, 0.9 - i / 100) for i, box in boxes.items() if found(i)]
        add_run(folder, name, records=records)
    return folder


def test_search_and_its_params_again(larger, capsys):
    main(['--search', '--budget', '30', '--out', 'found.json'])
    printed = capsys.readouterr().out
    assert 'mAP50 on held-out pictures' in printed
    assert 'what is used was chosen on these pictures, which flatters' in printed
    assert printed.split('\n')[-2] == 'mAP50 1.000000'
    assert (larger / 'found.params.json').is_file()
    files = ['work_dirs/b/predictions/val.json', 'work_dirs/a/predictions/val.json']  # the other way round
    main([*files, '--ann', 'val.json', '--params', 'found.params.json', '--out', 'again.json'])
    assert read(larger / 'again.json') == read(larger / 'found.json')
    (larger / 'c.json').write_text('[]')
    main([*files, 'c.json', '--ann', 'val.json', '--params', 'found.params.json', '--out', 'again.json'])
    assert 'left out: c.json\n' in capsys.readouterr().out
    noted = json.loads((larger / 'again.run.json').read_text())['members']
    assert [Path(member['file']).name for member in noted if not member['used']] == ['c.json']
    assert read(larger / 'again.json') == read(larger / 'found.json')


def test_params_found_earlier_are_pointed_to(larger, capsys):
    def said() -> str:
        return next((line for line in capsys.readouterr().out.split('\n') if 'earlier --search' in line), '')

    main(['--search', '--budget', '30'])
    assert not said()
    main([])
    params = 'work_dirs/ensemble/val.params.json'
    assert said() == f'equal weights, which an earlier --search for these members found best: {params}'
    replace(FusionParams.load(larger / params), weights=(1.0, 0.5)).save(larger / params)
    main([])
    command = f'python tools/wbf_ensemble.py --ann val.json --params {params}'
    assert said() == f'equal weights; those that an earlier --search found for these members: {command}'
    main(command.split()[2:])
    assert not said()
    main(['--weights', '2', '1'])
    assert not said()


def test_a_search_that_ends_with_one_member_shows_no_fusion(larger, capsys):
    add_run(larger, 'a', records=[result(i, (2, 7)[i % 2], [i, 5, 30, 30], 0.9) for i in range(20)])
    add_run(larger, 'b', records=[result(i, (2, 7)[i % 2], [60, 20, 9, 9], 0.95) for i in range(20)])
    a, b = (f'work_dirs/{name}/predictions/val.json' for name in 'ab')
    main(['--search', '--budget', '30'])
    lines = capsys.readouterr().out.rstrip().split('\n')
    assert f'use {a} alone: fusing gains nothing on held-out pictures' in lines
    assert lines[-2].startswith(f'nothing is fused: the boxes of {a} alone are passed on')
    assert lines[-1] == 'mAP50 1.000000'
    table = lines[lines.index(next(line for line in lines if line.startswith('nothing is fused'))) - 3 : -2]
    assert [line.split() for line in table] == [['mAP50'], [a, '1.0000'], [b, '0.0000']]
    main([a, b, '--ann', 'val.json', '--weights', '1', '0'])
    assert 'alone are passed on, no other member has a weight' in capsys.readouterr().out


def test_params_know_their_members_by_what_made_them(larger, capsys):
    for name in ('a', 'b'):
        made = {'checkpoint': f'/runs/{name}/best.pth', 'checkpoint_sha256': name, 'config': f'configs/{name}.py'}
        notes = larger / 'work_dirs' / name / 'predictions' / 'val.run.json'
        notes.write_text(json.dumps({**read(notes), **made}))
        other = read(larger / 'work_dirs' / name / 'predictions' / 'val.json')
        (larger / f'{name}2.json').write_text(json.dumps(other))
        (larger / f'{name}2.run.json').write_text(json.dumps(made))
    files = [f'work_dirs/{name}/predictions/val.json' for name in ('a', 'b')]
    main([*files, '--ann', 'val.json', '--search', '--budget', '30', '--out', 'found.json'])
    again = ['--ann', 'val.json', '--params', 'found.params.json', '--out', 'again.json']
    capsys.readouterr()
    main(['b2.json', 'a2.json', *again])
    assert f'a2.json: taken for {files[0]} of --params\n' in capsys.readouterr().out
    assert read(larger / 'again.json') == read(larger / 'found.json')
    (larger / 'a2.run.json').write_text(json.dumps({'checkpoint': '/runs/c/best.pth', 'config': 'configs/c.py'}))
    with pytest.raises(UserError, match=f'no file given is the member {files[0]} .made by a/best.pth.: .* --in-order'):
        main(['b2.json', 'a2.json', *again])
    main(['a2.json', 'b2.json', *again, '--in-order'])
    assert read(larger / 'again.json') == read(larger / 'found.json')


def test_masks_are_kept_where_all_have_them(folder, capsys):
    masked = [result(3, 7, FIRST, 0.75, segmentation=MASK)]
    (folder / 'a.json').write_text(json.dumps(masked))
    (folder / 'd.json').write_text(json.dumps(masked))
    main(['a.json', 'd.json', '--ann', 'val.json', '--out', 'out.json'])
    assert 'segmentation' in read(folder / 'out.json')[0]
    main(['a.json', 'b.csv', '--ann', 'val.json', '--out', 'out.json'])
    assert 'segmentation' not in read(folder / 'out.json')[0]
    assert 'masks are left out: 1 of the files have none\n' in capsys.readouterr().out
    main(['a.json', 'd.json', '--ann', 'val.json', '--out', 'out.csv'])
    assert 'masks are left out: a csv has none\n' in capsys.readouterr().out


AB, OUT = ['a.json', 'b.csv'], ['--ann', 'val.json', '--out', 'o.json']


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        pytest.param([*AB, *OUT, '--weights', '1'], '--weights: 1 for 2 files', id='too few weights'),
        pytest.param([*AB, *OUT, '--weights', '1', '-1'], '--weights 1 -1: give numbers from 0 on', id='negative'),
        pytest.param([*AB, *OUT, '--weights', '1', 'nan'], '--weights 1 nan: give numbers', id='NaN weight'),
        pytest.param([*AB, *OUT, '--weights', '0', '0'], '--weights 0 0: one of them must be above 0', id='all 0'),
        pytest.param([*AB, *OUT, '--iou-thr', '0'], '--iou-thr 0', id='IoU threshold'),
        pytest.param([*AB, *OUT, '--iou-thr', 'nan'], '--iou-thr nan', id='IoU threshold NaN'),
        pytest.param([*AB, *OUT, '--skip-box-thr', '2'], '--skip-box-thr 2', id='score threshold'),
        pytest.param([*AB, *OUT, '--max-per-image', '0'], '--max-per-image 0: give a number from 1 on', id='none kept'),
        pytest.param([*AB, '--image-size', '0', '5'], '--image-size 0 5: give width and height', id='no size'),
        pytest.param([*AB, *OUT, '--method', 'nms', '--conf-type', 'max'], '--conf-type has no effect', id='conf type'),
        pytest.param([*AB, *OUT, '--budget', '5'], '--budget has no effect without --search', id='budget alone'),
        pytest.param([*AB, *OUT, '--in-order'], '--in-order has no effect without --params', id='order of nothing'),
        pytest.param(
            [*AB, *OUT, '--search', '--iou-thr', '0.5'], '--iou-thr: --search finds them', id='fixed and searched'
        ),
        pytest.param(
            [*AB, *OUT, '--params', 'p', '--weights', '1'], '--weights: --params names', id='params and weights'
        ),
        pytest.param([*AB, *OUT, '--params', 'p.json'], '--params p.json: no such file', id='no params'),
        pytest.param([*AB, *OUT, '--params', 'val.json'], 'val.json: not a file of fusion params', id='other json'),
        pytest.param([*AB, *OUT, '--params', 'p', '--search'], 'leave one of them out', id='params and search'),
        pytest.param([*AB, '--search'], '--search needs the answers', id='search without ann'),
        pytest.param([*AB, '--search', '--ann', 'test.json'], 'test.json has no answers', id='search without answers'),
        pytest.param(['a.json', './a.json', *OUT], 'a.json is given twice', id='twice'),
        pytest.param([*AB, '--ann', 'val.json', '--out', 'a.json'], 'is a file that is read', id='onto a member'),
        pytest.param([*AB, '--ann', 'val.json', '--out', 'val.json'], 'is a file that is read', id='onto the ann'),
        pytest.param([*AB, '--ann', 'val.json', '--out', 'o.txt'], 'ends in .json or .csv', id='suffix'),
        pytest.param([*AB, '--ann', 'val.json', '--out', 'c.json'], 'is a folder', id='folder'),
        pytest.param([*AB, '--ann', 'vla.json'], '--ann vla.json: no such file; did you mean val.json', id='no ann'),
        pytest.param(['a.jsn', *OUT], 'a.jsn: no such file of predictions; did you mean a.json', id='no member'),
        pytest.param(['b.csv', '--out', 'o.json'], 'b.csv: without --ann, .* goes to .csv only', id='csv to json'),
        pytest.param(['a.json', '--out', 'o.csv'], 'a.json: without --ann, .* goes to .json only', id='json to csv'),
        pytest.param([*AB, '--image-size', '9', '9', '--out', 'o.json'], 'b.csv: without --ann', id='mixed'),
        pytest.param(['b.csv'], '--ann with the json .* or --image-size W H', id='no sizes'),
        pytest.param(['--image-size', '9', '9'], '--image-size is about files', id='bare with a size'),
        pytest.param(['b.csv', '--image-size', '9', '9'], '1 of 1 boxes lie outside', id='wrong size'),
    ],
)
def test_refused(folder, arguments, message):
    (folder / 'c.json').mkdir()
    with pytest.raises(UserError, match=message) as error:
        main(arguments)
    assert '\n' not in str(error.value)
    assert not list(folder.glob('o.*'))


@pytest.mark.parametrize('options', [['--ann', 'val.json'], ['--image-size', '9', '9']])
def test_no_boxes_at_all(folder, options):
    for name in ('x', 'y'):
        (folder / f'{name}.json').write_text('[]')
    main(['x.json', 'y.json', *options, '--out', 'o.json'])
    assert read(folder / 'o.json') == []


def test_sizes_of_the_ann_win(folder, capsys):
    main([*AB, *OUT, '--image-size', '1024', '1024'])
    assert '--image-size: val.json gives the sizes, 2 of 2 pictures are others\n' in capsys.readouterr().out


def test_choices_are_those_of_the_library():
    assert (wbf_ensemble.METHODS, wbf_ensemble.CONF_TYPES) == (METHODS, CONF_TYPES)
