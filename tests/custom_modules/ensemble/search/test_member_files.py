"""Which file is which member, of another split, elsewhere, in another order; and what is refused."""

import json

import pytest

from custom_modules.ensemble.search import Maker, match_files, read_makers
from custom_modules.ensemble.search.member_files import match_in_order
from custom_modules.utils import UserError

RUNS = ('work_dirs/a/predictions/val.json', 'work_dirs/b/predictions/val.json', 'work_dirs/c/predictions/val.json')
TESTS = tuple(name.replace('val', 'test') for name in RUNS)
HTC, DINO = Maker('htc/best.pth', 'htc', '1'), Maker('dino/best.pth', 'dino', '2')
HTC_TTA = Maker('htc/best.pth', 'htc', '1', tta=True)
AB = ('a/val.json', 'b/val.json')


@pytest.mark.fast
@pytest.mark.parametrize(
    ('used', 'names', 'expected'),
    [
        pytest.param(RUNS, RUNS, [0, 1, 2], id='the same files'),
        pytest.param(RUNS, RUNS[::-1], [2, 1, 0], id='in another order'),
        pytest.param((RUNS[0], RUNS[2]), ('x.json', *RUNS), [1, 3], id='dropped ones and others among them'),
        pytest.param((RUNS[0], RUNS[2]), (RUNS[2], RUNS[0]), [1, 0], id='dropped one not given'),
        pytest.param(RUNS, TESTS[::-1], [2, 1, 0], id='another split'),
        pytest.param(RUNS, ('/x/c.csv', '/x/a.csv', '/x/b.csv'), [1, 2, 0], id='files named like the runs'),
        pytest.param(RUNS, [f'/y/{name}' for name in RUNS[::-1]], [2, 1, 0], id='elsewhere'),
        pytest.param(RUNS, (TESTS[1], '/x/a.csv', '/x/c.csv'), [1, 0, 2], id='some by run, some by file name'),
    ],
)
def test_by_names(used, names, expected):
    assert match_files(RUNS, used, names) == expected


@pytest.mark.fast
@pytest.mark.parametrize(
    ('members', 'names'),
    [
        pytest.param(AB, ('b/test.json', 'a/test.json'), id='told apart by their folders'),
        pytest.param(
            ('r/predictions/val.json', 'r/predictions/val_tta.json'),
            ('r/predictions/test_tta.json', 'r/predictions/test.json'),
            id='without and with test-time augmentation',
        ),
    ],
)
def test_files_of_another_split_in_another_order(members, names):
    assert match_files(members, members, names) == [1, 0]


@pytest.mark.fast
@pytest.mark.parametrize(
    ('made_members', 'made_files', 'expected'),
    [
        pytest.param((HTC, DINO), (DINO, HTC), [1, 0], id='what made them wins over the folder'),
        pytest.param((HTC, HTC_TTA), (HTC_TTA, HTC), [1, 0], id='with and without test-time augmentation'),
        pytest.param((HTC, DINO), (DINO, Maker('other/x.pth', 'htc', '1')), [1, 0], id='a checkpoint that was moved'),
        pytest.param((HTC, DINO), (DINO, Maker('htc/best.pth', 'htc', '9')), [1, 0], id='a run trained anew'),
        pytest.param((HTC, DINO), (DINO, Maker('all/best.pth', 'htc', '9')), [1, 0], id='another run of the config'),
        pytest.param((Maker(config='htc'), DINO), (DINO, HTC), [1, 0], id='out of fold: a config, no checkpoint'),
        pytest.param((HTC, DINO), (Maker(), Maker()), [0, 1], id='unknown: by the folder'),
        pytest.param((HTC, DINO), (Maker(), DINO), [0, 1], id='one unknown'),
    ],
)
def test_by_what_made_them(made_members, made_files, expected):
    names = ('a/test.json', 'b/test.json')
    of_members, of_files = (dict(zip(*pair, strict=True)) for pair in ((AB, made_members), (names, made_files)))
    assert match_files(AB, AB, names, of_members, of_files) == expected


@pytest.mark.parametrize(
    ('names', 'message'),
    [
        pytest.param(RUNS[:2], f'no file given is the member {RUNS[2]}', id='one missing'),
        pytest.param(('r.csv', 's.csv', 't.csv'), f'no file given is the member {RUNS[0]}', id='the number fits'),
        pytest.param((*TESTS, 'x/a.csv'), f'two files given could be the member {RUNS[0]}', id='two of one run'),
    ],
)
def test_members_that_are_missing(names, message):
    with pytest.raises(UserError, match=message) as error:
        match_files(RUNS, RUNS, names)
    assert '--in-order' in str(error.value) and '\n' not in str(error.value)


@pytest.mark.fast
@pytest.mark.parametrize('names', [('c/test.json', 'a/test.json'), ('y/b/val.json', 'c/test.json')])
def test_no_file_is_taken_for_another_member(names):
    with pytest.raises(UserError, match='no file given is the member'):
        match_files(AB, AB, names)


@pytest.mark.fast
@pytest.mark.parametrize(
    ('names', 'made'),
    [
        pytest.param(('a/test.json', 'b/test.json'), DINO, id='the folder of another run'),
        pytest.param(AB, DINO, id='made again by another run'),
        pytest.param(AB, Maker('dino/best.pth'), id='whose config is unknown'),
    ],
)
def test_what_another_config_made_is_never_taken(names, made):
    of_members = {'a/val.json': HTC, 'b/val.json': Maker('atss/best.pth', 'atss', '3')}
    with pytest.raises(UserError, match=r'no file given is the member a/val.json \(made by htc/best.pth\)'):
        match_files(AB, AB, names, of_members, {names[0]: made})


@pytest.mark.fast
def test_in_order():
    assert match_in_order(RUNS, (RUNS[0], RUNS[2]), ('r', 's', 't')) == [0, 2]
    assert match_in_order(RUNS, (RUNS[0], RUNS[2]), ('r', 's')) == [0, 1]
    with pytest.raises(UserError, match='--in-order: 1 files for 3, or 2 without those left out: give one for each of'):
        match_in_order(RUNS, (RUNS[0], RUNS[2]), ('r',))


@pytest.mark.fast
@pytest.mark.parametrize(
    ('made', 'said'),
    [
        (HTC, ''),
        (Maker(), ''),
        (Maker(tta=True), ''),
        (HTC_TTA, 'with test-time augmentation'),
        (Maker('htc/best.pth', 'htc', '9'), 'from a run that was trained anew'),
        (
            Maker('all/best.pth', 'htc', '9', tta=True),
            'from another run of the same config, with test-time augmentation',
        ),
    ],
)
def test_what_is_said_of_a_file_that_is_taken(made, said):
    assert made.unlike(HTC) == said


def test_notes_beside_predictions(tmp_path):
    file, params = tmp_path / 'val.json', tmp_path / 'params.json'
    params.write_text(json.dumps({'members': [{'file': str(file)}]}))
    assert read_makers(params) == {str(file): Maker()}
    notes = {'checkpoint': '/x/htc/best.pth', 'checkpoint_sha256': '1', 'config': 'configs/demo/htc.py', 'tta': None}
    file.with_suffix('.run.json').write_text(json.dumps(notes))
    assert read_makers(params) == {str(file): HTC}
    file.with_suffix('.run.json').write_text(json.dumps({**notes, 'config': '/x/htc/config.py', 'tta': {'flips': []}}))
    assert Maker.of_file(str(file)) == Maker('htc/best.pth', 'htc', '1', tta=True)
    params.write_text(json.dumps({'members': [{'file': str(file)}], 'made_by': {str(file): HTC.as_dict()}}))
    assert read_makers(params) == {str(file): HTC}  # not what the file was overwritten by
