"""The command line of the synthetic data set."""

import json

import pytest

from custom_modules.utils import UserError
from tools.make_synthetic import Progress, main, parse_args, table

pytestmark = pytest.mark.fast

SMALL = ['--train', '6', '--val', '2', '--test', '1', '--size', '64']


def test_help_ends_well(capsys):
    with pytest.raises(SystemExit) as caught:
        main(['--help'])
    assert caught.value.code == 0
    assert '--frequencies' in capsys.readouterr().out


def test_one_run_writes_the_set_and_says_what_it_holds(tmp_path, capsys):
    main(['--out', str(tmp_path / 'set'), *SMALL, '--frequencies', 'flat', '--seed', '4'])
    said = capsys.readouterr()
    info = json.loads((tmp_path / 'set' / 'train.json').read_text())['info']
    assert info['parameters'] == {
        'train': 6, 'val': 2, 'test': 1, 'size': 64, 'seed': 4, 'frequencies': 'flat'}  # fmt: skip
    assert len(list((tmp_path / 'set' / 'images').iterdir())) == 9
    assert '9 pictures drawn in' in said.out
    assert 'Plastic bag' in said.out
    assert '9/9 pictures, 0 s left' in said.err


def test_second_run_keeps_the_set_and_says_so(tmp_path, capsys):
    for _ in range(2):
        main(['--out', str(tmp_path / 'set'), *SMALL])
    assert capsys.readouterr().out.splitlines()[-1].endswith('9 pictures were there already and are kept')


def test_foreign_folder_is_refused(tmp_path):
    (tmp_path / 'notes.txt').write_text('mine')
    with pytest.raises(UserError, match='not empty'):
        main(['--out', str(tmp_path), *SMALL])


def test_defaults_make_the_demo_set():
    args = parse_args([])
    assert (args.train, args.val, args.frequencies) == (240, 60, 'sqrt')


def test_table_counts_by_class_and_split():
    categories = [{'id': 0, 'name': 'Paper'}, {'id': 1, 'name': 'Metal'}]
    train = {'categories': categories, 'annotations': [{'category_id': 1}, {'category_id': 1}, {'category_id': 0}]}
    val = {'categories': categories, 'annotations': [{'category_id': 0}]}
    lines = [line.split() for line in table({'train': train, 'val': val}).splitlines()]
    assert lines == [['objects', 'train', 'val'], ['Paper', '1', '1'], ['Metal', '2', '0'], ['all', '3', '1']]


def test_progress_ends_with_a_full_line(capsys):
    show = Progress()
    for done in range(1, 101):
        show(done, 100)
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1].startswith('100/100 pictures, 0 s left')
    assert len(lines) == 4
