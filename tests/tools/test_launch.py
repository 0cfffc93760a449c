"""What all tools have in common: mistakes are told in one line, and soon."""

import importlib
import warnings

import pytest
import torch

from tools._launch import Parser, ignore_warnings

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ('tool', 'words', 'said'),
    [
        ('train', ['c.py', '--data-rot', 'x'], 'unrecognized arguments: --data-rot; did you mean --data-root?'),
        ('train', ['c.py', '--data-rot=x'], 'unrecognized arguments: --data-rot; did you mean --data-root?'),
        ('train', ['c.py', '-data-root', 'x'], 'unrecognized arguments: -data-root; did you mean --data-root?'),
        ('train', ['c.py', '--quick'], 'unrecognized arguments: --quick; --help lists all'),
        ('copy_paste', ['--data-rot', 'x'], 'unrecognized arguments: --data-rot; did you mean --data-root?'),
        ('weights', ['list', '--cfg'], 'unrecognized arguments: --cfg; did you mean --config?'),
        ('doctor', ['--halp'], 'unrecognized arguments: --halp; did you mean --help?'),
        ('train', ['c.py', 'd.py'], 'unrecognized arguments: d.py'),
        ('train', [], 'the following arguments are required: config'),
        ('train', ['c.py', '--seed', '-1.5'], "argument --seed: invalid int value: '-1.5'"),
        ('train', ['c.py', '--se=x'], "argument --seed: invalid int value: 'x'"),
    ],
    ids=['typo', 'with =', 'one dash', 'no guess', 'needs others', 'action', 'help', 'word', 'none', 'number', 'short'],
)
def test_wrong_words_are_one_line(tool, words, said, capsys):
    with pytest.raises(SystemExit) as ended:
        importlib.import_module(f'tools.{tool}').parse_args(words)
    assert ended.value.code == 2
    assert capsys.readouterr() == ('', f'error: {said}\n')


def test_help_is_that_of_argparse(capsys):
    parser = Parser(prog='tool', description='Does it.')
    with pytest.raises(SystemExit, match='0'):
        parser.parse_args(['--help'])
    assert capsys.readouterr().out.startswith('usage: tool [-h]\n\nDoes it.\n')


def test_torch_s_warning_about_upstream_s_grids_is_hidden_and_no_other():
    torch.set_warn_always(True)  # otherwise once a process
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter('always')
            torch.meshgrid(torch.arange(2), torch.arange(3))
            assert len(caught) == 1
            ignore_warnings()
            torch.meshgrid(torch.arange(2), torch.arange(3))
            warnings.warn('torch.arange: in an upcoming release', stacklevel=1)
    finally:
        torch.set_warn_always(False)
    assert [str(warning.message).split()[0] for warning in caught] == ['torch.meshgrid:', 'torch.arange:']
