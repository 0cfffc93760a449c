"""What all tools have in common: mistakes are told in one line, and soon."""

import errno
import importlib
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch

from custom_modules.utils import UserError
from tools._launch import Parser, ignore_warnings, mistake_of

pytestmark = pytest.mark.fast

TOOLS = Path(__file__).resolve().parents[2] / 'tools'
WATCHED = """
import runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name='__main__')
finally:
    print(*sorted({'cv2', 'mmengine', 'numpy', 'torch'} & set(sys.modules)))
"""


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


@pytest.mark.parametrize(
    ('error', 'told'),
    [
        pytest.param(UserError('a.json: is wrong'), 'a.json: is wrong', id='mistake'),
        pytest.param(OSError(errno.ENOSPC, 'No space left', 'a.json'), 'a.json: No space left', id='full disk'),
        pytest.param(OSError(errno.ENOSPC, 'No space left'), 'No space left', id='unknown file'),
        pytest.param(PermissionError(errno.EACCES, 'Denied', 'a.json'), 'a.json: Denied', id='no right'),
        pytest.param(FileNotFoundError(errno.ENOENT, 'No such file', 'a.json'), None, id='error of the program'),
        pytest.param(KeyError('a'), None, id='another'),
    ],
)
def test_what_a_user_can_mend_is_told_in_one_line(error, told):
    assert mistake_of(error) == told


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


@pytest.mark.parametrize(
    ('command', 'said'),
    [
        ('train configs/demo/htc_swinn.py', 'configs/demo/htc_swinn.py: no such config; did you mean'),
        ('train configs/demo/htc_swin.py --data-root no/where', 'there is no data folder no/where'),
        ('test gone.py gone.pth', 'gone.py: no such config'),
        ('predict gone.py gone.pth photos --out found.json', 'gone.py: no such config'),
        ('complexity configs/demo/htc_swin.py gone.py', 'gone.py: no such config'),
        ('show_augmentation gone.py --out sheet.jpg', 'gone.py: no such config'),
        ('merge_folds gone.py', 'gone.py: no such config'),
        ('kfold --data-root no/where', 'there is no data folder no/where'),
        ('copy_paste --data-root no/where --out set', 'there is no data folder no/where'),
        ('weights list --config gone.py', '--config gone.py: no such config'),
        ('check_data no/where', 'there is no data folder no/where'),
        ('check_data no/where.json', 'no/where.json: no such file'),
        ('train --data-rot x', 'unrecognized arguments: --data-rot; did you mean --data-root?'),
    ],
)
def test_a_mistyped_path_is_told_before_the_imports(command, said, tmp_path):
    tool, *words = command.split()
    started = [sys.executable, '-c', WATCHED, TOOLS / f'{tool}.py', *words]
    ran = subprocess.run(started, capture_output=True, text=True, cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (2, '\n')  # none of what takes long was imported
    assert ran.stderr.startswith(f'error: {said}') and ran.stderr.count('\n') == 1
