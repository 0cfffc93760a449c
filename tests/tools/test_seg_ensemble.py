"""Two pictures of 4 x 4 pixels with an object each; member a finds the first, b the second, c neither."""

import json
import sys
import types

import numpy as np
import pytest
from PIL import Image

from custom_modules.datasets.label_pictures import read_values
from custom_modules.ensemble import open_probs, write_probs
from custom_modules.ensemble.voting.params import VoteParams
from custom_modules.submission import read_segmentation_csv, write_segmentation_csv
from custom_modules.utils import UserError
from tools import _fusion_options, seg_ensemble
from tools.seg_ensemble import main

CLASSES = ['Background', 'Glass', 'Paper']
SQUARE = [1, 1, 3, 1, 3, 3, 1, 3]  # 2 x 2 pixels
FOUND, NOTHING = np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.uint8)
FOUND[1:3, 1:3] = 1


def probs_of(labels, share):
    """Give each label a share, Background the rest (where it is the label, Paper)."""
    probs = np.zeros((3, 4, 4), np.float32)
    for label, rest in ((0, 2), (1, 0)):
        probs[label][labels == label], probs[rest][labels == label] = share, 1 - share
    return probs


def write_member(path, first, second, share=0.9, classes=CLASSES):
    """Write probabilities of both pictures."""
    names = (3, 'test/3.jpg', first), (4, 'test/4.jpg', second)
    write_probs(path, classes, [(number, name, probs_of(labels, share)) for number, name, labels in names])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A json with answers, one without, and the probabilities of a, b and c."""
    images = [{'id': i, 'file_name': f'test/{i}.jpg', 'width': 4, 'height': 4} for i in (3, 4)]
    content = {
        'images': images,
        'categories': [{'id': 2, 'name': 'Paper'}, {'id': 1, 'name': 'Glass'}],
        'annotations': [
            {
                'id': i, 'image_id': i, 'category_id': 1, 'bbox': [1, 1, 2, 2], 'area': 4, 'iscrowd': 0,
                'segmentation': [SQUARE],
            }
            for i in (3, 4)
        ],
    }  # fmt: skip
    (tmp_path / 'val.json').write_text(json.dumps(content))
    (tmp_path / 'test.json').write_text(json.dumps({**content, 'annotations': []}))
    write_member(tmp_path / 'a.probs', FOUND, NOTHING)
    write_member(tmp_path / 'b.probs', NOTHING, FOUND)
    write_member(tmp_path / 'c.probs', NOTHING, NOTHING, 0.6)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_fusion_options, 'WORK_DIRS', tmp_path / 'work_dirs')
    return tmp_path


def read(path):
    """Read a json."""
    return json.loads(path.read_text())


def add_run(folder, name, first, second, ann='val.json', **notes):
    """Write a run's predictions as test.py does."""
    predictions = folder / 'work_dirs' / name / 'predictions' / f'{ann[:-5]}.probs'
    predictions.parent.mkdir(parents=True, exist_ok=True)
    write_member(predictions, first, second)
    notes = {'ann': str((folder / ann).resolve()), 'config': f'{name}.py', **notes}
    predictions.with_suffix('.run.json').write_text(json.dumps(notes))
    return predictions


def test_voted_and_scored(folder, capsys):
    assert main(['a.probs', 'b.probs', 'c.probs', '--ann', 'val.json', '--out', 'out/voted.probs']) == 0
    # Glass: 0.9, 0 and 0 of 3; Background 0.1, 0.9 and 0.6 of 3: nothing is found.  Alone a finds 4 of 8 pixels, and
    # 24 of the 28 it calls Background are.
    lines = capsys.readouterr().out.rstrip().split('\n')
    assert lines[:4] == [
        'a.probs: probabilities', 'b.probs: probabilities', 'c.probs: probabilities', 'soft vote',
    ]  # fmt: skip
    assert lines[4] == '2 pictures: out/voted.probs'
    table = {line.split('  ')[0].rstrip(): line.split() for line in lines[-10:]}
    alone = (24 / 28 + 4 / 8) / 2
    assert [float(table[name][1]) for name in ('a.probs', 'b.probs')] == pytest.approx([alone, alone], abs=1e-4)
    assert table['c.probs'][1] == '0.3750' and table['vote'][1:3] == ['0.3750', f'{0.375 - alone:+.4f}']
    # Without b: Glass of the first 0.9 of 2, Background 0.7 of 2; of the second nothing.
    assert float(table['vote without b.probs'][-2]) == pytest.approx(alone, abs=1e-4)
    assert table['vote without c.probs'][-2] == '0.3750'
    assert lines[-2] == 'a.probs alone is better; --search looks for weights that gain'
    assert lines[-1] == 'mIoU 0.375000'
    classes = {line.split()[0]: line.split()[1:] for line in lines if line.startswith(('Background  ', 'Glass  '))}
    assert classes['Glass'] == ['0.5000', '0.5000', '0.0000', '0.0000']
    metrics, notes = read(folder / 'out' / 'voted.metrics.json'), read(folder / 'out' / 'voted.run.json')
    assert metrics['scores']['mIoU'] == 0.375
    assert metrics['comparison']['members']['a.probs'] == pytest.approx(alone)
    assert metrics['comparison']['ious']['vote'] == [0.75, 0, None]
    assert (notes['ann'], notes['params']['weights']) == (str(folder / 'val.json'), [1, 1, 1])
    assert [member['used'] for member in notes['members']] == [True] * 3
    assert open_probs(folder / 'out' / 'voted.probs')[3][:, 1, 1] == pytest.approx([1.6 / 3, 0.3, 0.5 / 3], abs=2e-3)


def test_members_of_all_kinds(folder, capsys):
    (folder / 'd' / 'test').mkdir(parents=True)
    for number, labels in ((3, FOUND), (4, FOUND)):
        Image.fromarray(labels).save(folder / 'd' / 'test' / f'{number}.png')
    large = np.kron(FOUND, np.ones((64, 64), np.uint8))
    write_segmentation_csv('e.csv', [(f'test/{number}.jpg', large) for number in (3, 4)])
    main(['a.probs', 'd', 'e.csv', '--ann', 'val.json', '--method', 'hard', '--out', 'labels'])
    assert capsys.readouterr().out.rstrip().endswith('mIoU 1.000000')
    for number in (3, 4):
        np.testing.assert_array_equal(read_values(folder / 'labels' / 'test' / f'{number}.png'), FOUND)
    main(['labels', 'a.probs', '--ann', 'val.json', '--weights', '2', '1', '--out', 'labels2'])  # and read again
    np.testing.assert_array_equal(read_values(folder / 'labels2' / 'test' / '4.png'), FOUND)
    main(['labels', 'a.probs', '--ann', 'val.json', '--out', 'labels2'])  # replaced


def test_csv_out(folder):
    main(['a.probs', '--ann', 'test.json', '--out', 'out.csv'])
    written = read_segmentation_csv(folder / 'out.csv')
    assert written.names == ('test/3.jpg', 'test/4.jpg')
    np.testing.assert_array_equal(written['test/3.jpg'], np.kron(FOUND, np.ones((64, 64), np.uint8)))


def test_an_ann_without_answers_scores_nothing(folder, capsys):
    main(['a.probs', 'b.probs', '--ann', 'test.json', '--bits', '16'])
    out = folder / 'work_dirs' / 'ensemble' / 'test.probs'
    assert open_probs(out).dtype == 'uint16'
    assert not out.with_suffix('.metrics.json').exists()
    assert capsys.readouterr().out.endswith('test.json has no answers, nothing scored\n')
    main(['a.probs', 'b.probs'])
    assert open_probs(folder / 'work_dirs' / 'ensemble' / 'a.probs').image_ids == (3, 4)


def test_bare_call_takes_the_runs_of_one_split(folder, capsys):
    add_run(folder, 'a', FOUND, NOTHING)
    add_run(folder, 'demo/b', FOUND, FOUND)
    add_run(folder, 'a', NOTHING, NOTHING, 'test.json')
    add_run(folder, 'ensemble', NOTHING, NOTHING)
    assert main([]) == 0
    printed = capsys.readouterr().out
    runs = 'work_dirs/a/predictions/val.probs work_dirs/demo/b/predictions/val.probs'
    assert printed.startswith(f'voting with the predictions of 2 runs on val.json: {runs}\n')
    assert len(open_probs(folder / 'work_dirs' / 'ensemble' / 'val.probs')) == 2
    main([])  # what the first call wrote is no run


def test_weights_and_members_left_out(folder, capsys):
    main(['a.probs', 'b.probs', '--ann', 'val.json', '--weights', '1', '0'])
    lines = capsys.readouterr().out.rstrip().split('\n')
    assert 'left out: b.probs' in lines
    assert 'nothing is voted on: what a.probs says alone is passed on, no other member has a weight' in lines
    used = [member['used'] for member in read(folder / 'work_dirs' / 'ensemble' / 'val.run.json')['members']]
    assert used == [True, False]


def test_params_of_other_files(folder, capsys):
    add_run(folder, 'a', FOUND, NOTHING)
    add_run(folder, 'b', NOTHING, FOUND)
    a, b = (f'work_dirs/{name}/predictions/test.probs' for name in 'ab')
    rows = ((1.0, 1.0, 1.0), (1.0, 0.0, 1.0))  # b is not asked about Glass
    VoteParams((a, b), tuple(CLASSES), (1.0, 0.5), 'hard', rows).save(folder / 'p.json')
    main(['--ann', 'val.json', '--params', 'p.json', '--out', 'out'])
    printed = capsys.readouterr().out
    assert (
        f'{b.replace("test", "val")}: taken for {b} of --params\n' in printed
        and 'hard vote, weights by class\n' in printed
    )
    # Of the first picture a's 1 for Glass wins over b's 0.5 for Background; of the second b has none for Glass.
    np.testing.assert_array_equal(read_values(folder / 'out' / 'test' / '3.png'), FOUND)
    np.testing.assert_array_equal(read_values(folder / 'out' / 'test' / '4.png'), NOTHING)
    main(['a.probs', 'b.probs', '--params', 'p.json', '--in-order', '--out', 'out'])
    VoteParams((a, b), ('Background', 'Paper', 'Glass'), (1.0, 1.0)).save(folder / 'p.json')
    with pytest.raises(UserError, match='is for the classes Background, Paper, Glass, val.json has Background, Glass'):
        main(['--ann', 'val.json', '--params', 'p.json', '--out', 'out'])


def test_an_intersection(folder, capsys):
    write_probs('d.probs', CLASSES, [(3, 'test/3.jpg', probs_of(FOUND, 0.9))])
    with pytest.raises(UserError, match='d.probs: lacks test/4.jpg of the 2 pictures of val.json; --intersection'):
        main(['a.probs', 'd.probs', '--ann', 'val.json'])
    main(['a.probs', 'd.probs', '--ann', 'val.json', '--intersection'])
    printed = capsys.readouterr().out
    assert '--intersection: 1 pictures of val.json are left out\n' in printed
    assert printed.endswith('mIoU 1.000000\n')


def stand_in_crf(monkeypatch, members=2):
    """Put a CRF that removes whatever is not Background, and a rescue that brings back what all members have."""
    from dataclasses import dataclass

    crf, rescue = types.ModuleType('crf'), types.ModuleType('rescue')

    @dataclass(frozen=True)
    class CrfParams:
        num_iterations: int = 5

    @dataclass(frozen=True)
    class RescueParams:
        max_area: int = 100

    def dense_crf(probs, picture, params):
        assert picture.shape == (4, 4, 3) and picture.dtype == np.uint8 and params.num_iterations == 5
        refined = np.zeros_like(probs)
        refined[0] = 1
        return refined

    def rescue_small_objects(labels, maps, params, weights=None):
        assert len(weights) == len(maps) and (members is None or (len(maps), params.max_area) == (members, 100))
        return np.where(maps[0] == maps[-1], maps[0], labels)

    crf.CrfParams, crf.dense_crf = CrfParams, dense_crf
    rescue.RescueParams, rescue.rescue_small_objects = RescueParams, rescue_small_objects
    monkeypatch.setitem(sys.modules, 'custom_modules.ensemble.crf', crf)
    monkeypatch.setitem(sys.modules, 'custom_modules.ensemble.rescue', rescue)


def test_crf_and_rescue_follow_the_vote(folder, capsys, monkeypatch):
    stand_in_crf(monkeypatch)
    write_member(folder / 'd.probs', FOUND, FOUND)
    with pytest.raises(UserError, match=r'test/3\.jpg: no such photograph, which the CRF needs .2 of 2 are missing'):
        main(['a.probs', 'd.probs', '--ann', 'val.json', '--crf'])
    (folder / 'test').mkdir()
    for number in (3, 4):
        Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(folder / 'test' / f'{number}.jpg')
    main(['a.probs', 'd.probs', '--ann', 'val.json', '--crf', '--rescue'])
    lines = capsys.readouterr().out.rstrip().split('\n')
    assert 'soft vote, CRF num_iterations=5, rescue max_area=100' in lines
    table = {line.split('  ')[0].rstrip(): line.split() for line in lines[-9:]}
    # Glass and Background of the second picture are tied: the lower label.
    alone = (24 / 28 + 4 / 8) / 2
    assert float(table['vote'][-1]) == pytest.approx(alone, abs=1e-4)
    assert table['CRF'][1:] == ['0.3750'] and float(table['CRF + rescue'][3]) == pytest.approx(alone, abs=1e-4)
    assert lines[-1] == f'mIoU {alone:.6f}'
    np.testing.assert_array_equal(open_probs(folder / 'work_dirs' / 'ensemble' / 'val.probs').labels(3), FOUND)
    (folder / 'test' / '4.jpg').write_text('no picture')
    with pytest.raises(UserError, match=r'test/4\.jpg: cannot be read as a picture'):
        main(['a.probs', 'd.probs', '--ann', 'val.json', '--crf'])
    assert open_probs(folder / 'work_dirs' / 'ensemble' / 'val.probs').image_ids == (3, 4)  # the earlier one stays


def larger(folder):
    """Write a json of ten pictures with an object each, members that find other ones of them, and the photographs."""
    content = read(folder / 'val.json')
    square = content['annotations'][0]
    content['images'] = [{'id': i, 'file_name': f'test/{i}.jpg', 'width': 4, 'height': 4} for i in range(1, 11)]
    content['annotations'] = [{**square, 'id': i, 'image_id': i} for i in range(1, 11)]
    (folder / 'val.json').write_text(json.dumps(content))
    (folder / 'test').mkdir()
    for i in range(1, 11):
        Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(folder / 'test' / f'{i}.jpg')
    for name, found, share in (('a', range(1, 8), 0.9), ('b', range(5, 11), 0.9), ('c', (), 0.6)):
        pictures = ((i, f'test/{i}.jpg', probs_of(FOUND if i in found else NOTHING, share)) for i in range(1, 11))
        path = folder / 'work_dirs' / name / 'predictions' / 'val.probs'
        write_probs(path, CLASSES, pictures)
        notes = {'ann': str(folder / 'val.json'), 'config': f'{name}.py'}
        path.with_suffix('.run.json').write_text(json.dumps(notes))


def test_search_and_its_params_again(folder, capsys):
    larger(folder)
    main(['--search', '--budget', '60'])
    lines = capsys.readouterr().out.rstrip().split('\n')
    assert 'searching on 100.0% of the pixels, which stand for all' in lines
    params = 'work_dirs/ensemble/val.params.json'
    assert f'for other predictions of these models: --params {params}' in lines
    found, kept = read(folder / params), VoteParams.load(folder / params)
    assert found['made_by']['work_dirs/a/predictions/val.probs']['config'] == 'a' and found['pixel_share'] == 1
    gains = {name: way['gain']['value'] for name, way in found['search']['held_out'].items()}
    assert gains[found['search']['choice']] == max(gains.values()) >= gains['single'] == 0
    assert (folder / 'work_dirs' / 'ensemble' / 'val.params.trials.csv').is_file()
    assert lines[-2].startswith('what is used was chosen on these pictures, which flatters')
    score = lines[-1]
    before = open_probs(folder / 'work_dirs' / 'ensemble' / 'val.probs')
    expected = {i: before.raw(i).copy() for i in before}
    main(['--params', params, '--out', 'again.probs'])
    assert capsys.readouterr().out.rstrip().split('\n')[-1] == score
    for i in expected:
        np.testing.assert_array_equal(open_probs(folder / 'again.probs').raw(i), expected[i])
    main([])
    printed = capsys.readouterr().out
    if kept.canonical() != VoteParams(kept.members, kept.classes, (1.0,) * len(kept.members)):
        command = f'python tools/seg_ensemble.py --ann val.json --params {params}'
        assert f'equal weights; those that an earlier --search found for these members: {command}\n' in printed


def test_search_of_what_follows(folder, capsys, monkeypatch):
    larger(folder)
    stand_in_crf(monkeypatch, members=None)
    main(['--search', '--budget', '60', '--crf', '--rescue', '--out', 'out'])
    printed = capsys.readouterr().out
    assert 'mIoU on 10 pictures, of the vote alone ' in printed
    found = read(folder / 'out.params.json')
    assert found['refinement']['num_pictures'] == 10 and len(found['refinement']['tried']) > 2
    assert (found['crf'] is None) == ('leave the CRF out' in printed)


def test_the_real_crf_and_rescue(folder, capsys):
    (folder / 'test').mkdir()
    for number in (3, 4):
        pixels = np.where(FOUND[..., None], 200, 20).astype(np.uint8) * np.ones(3, np.uint8)
        Image.fromarray(pixels).save(folder / 'test' / f'{number}.png')
        (folder / 'test' / f'{number}.png').rename(folder / 'test' / f'{number}.jpg')
    write_member(folder / 'd.probs', FOUND, FOUND)
    main(['a.probs', 'd.probs', '--ann', 'val.json', '--crf', '--rescue', '--bits', '16'])
    printed = capsys.readouterr().out
    assert 'CRF + rescue' in printed and 'mIoU 0.' in printed
    found = open_probs(folder / 'work_dirs' / 'ensemble' / 'val.probs')
    assert found[3].sum(axis=0) == pytest.approx(1, abs=1e-3)


AB, OUT = ['a.probs', 'b.probs'], ['--ann', 'val.json', '--out', 'o.probs']


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        pytest.param([*AB, *OUT, '--weights', '1'], '--weights: 1 for 2 files', id='too few weights'),
        pytest.param([*AB, *OUT, '--weights', '1', '-1'], '--weights 1 -1: give numbers from 0 on', id='negative'),
        pytest.param([*AB, *OUT, '--weights', '1', 'nan'], '--weights 1 nan: give numbers', id='NaN weight'),
        pytest.param([*AB, *OUT, '--weights', '0', '0'], '--weights 0 0: one of them must be above 0', id='all 0'),
        pytest.param([*AB, *OUT, '--budget', '5'], '--budget has no effect without --search', id='budget alone'),
        pytest.param([*AB, *OUT, '--in-order'], '--in-order has no effect without --params', id='order of nothing'),
        pytest.param([*AB, *OUT, '--search', '--method', 'hard'], '--method: --search finds', id='fixed and searched'),
        pytest.param([*AB, *OUT, '--params', 'p', '--weights', '1'], '--weights: --params names', id='params, weights'),
        pytest.param([*AB, *OUT, '--params', 'p', '--crf'], '--crf: --params says whether', id='params and CRF'),
        pytest.param([*AB, *OUT, '--params', 'p.json'], '--params p.json: no such file', id='no params'),
        pytest.param([*AB, *OUT, '--params', 'val.json'], 'val.json: not a file of vote params', id='other json'),
        pytest.param([*AB, *OUT, '--params', 'p', '--search'], 'leave one of them out', id='params and search'),
        pytest.param([*AB, *OUT, '--rescue'], '--rescue brings back what the CRF removed', id='rescue alone'),
        pytest.param([*AB, '--crf'], '--crf needs the photographs', id='CRF without ann'),
        pytest.param([*AB, '--search'], '--search needs the answers', id='search without ann'),
        pytest.param([*AB, '--search', '--ann', 'test.json'], 'test.json has no answers', id='search without answers'),
        pytest.param(['a.probs', './a.probs', *OUT], 'a.probs is given twice', id='twice'),
        pytest.param([*AB, '--ann', 'val.json', '--out', 'a.probs'], 'a.probs is read', id='onto a member'),
        pytest.param([*AB, '--ann', 'val.json', '--out', 'a.probs/x.probs'], 'a.probs is read', id='into a member'),
        pytest.param([*AB, '--ann', 'val.json', '--out', '.'], 'is read, and would be replaced', id='onto all'),
        pytest.param([*AB, '--out', 'o.json'], '--out o.json: give FOLDER.probs', id='suffix'),
        pytest.param([*AB, '--out', 'o.csv', '--bits', '8'], '--bits 8 is about probabilities', id='bits of labels'),
        pytest.param([*AB, '--ann', 'no.json'], '--ann no.json: no such file', id='no ann'),
        pytest.param(['no.probs', *OUT], 'no.probs: no such folder of probabilities', id='no member'),
        pytest.param([], 'no run under work_dirs has predictions yet; first run .* for each segmenter', id='no runs'),
    ],
)
def test_refusals(folder, arguments, message):
    before = sorted(folder.rglob('*'))
    with pytest.raises(UserError, match=message):
        main(arguments)
    assert sorted(folder.rglob('*')) == before


def test_help(capsys):
    with pytest.raises(SystemExit):
        main(['--help'])
    assert '--intersection' in capsys.readouterr().out


def test_methods_are_those_of_the_package():
    from custom_modules.ensemble.voting import METHODS

    assert seg_ensemble.METHODS == METHODS
