"""What a mistyped name was meant to be."""

import os
from pathlib import Path

import pytest

from custom_modules.utils import did_you_mean, similar_names, similar_paths
from custom_modules.utils.files import REPOSITORY

pytestmark = pytest.mark.fast


@pytest.fixture
def runs(tmp_path):
    """Two checkpoints and a folder whose name is like theirs, in the working folder."""
    for name in ('work_dirs/htc/best.pth', 'work_dirs/htc/last.pth'):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / 'work_dirs' / 'htc' / 'best').mkdir()
    os.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ('path', 'expected'),
    [
        pytest.param('work_dirs/htc/bset.pth', ['work_dirs/htc/best.pth'], id='file'),
        pytest.param('work_dir/htc/best.pth', ['work_dirs/htc/best.pth'], id='folder-on-the-way'),
        pytest.param('wrok_dirs/htcc/lats.pth', ['work_dirs/htc/last.pth'], id='every-part'),
        pytest.param('work_dirs/htc/epoch_3.pkl', [], id='nothing-like-it'),
        pytest.param('work_dirs/htc/gone.pth', [], id='the-same-suffix'),
        pytest.param('work_dirs/htc/best.pth/x', [], id='below-a-file'),
        pytest.param(f'{"x" * 300}/a', [], id='no-file-can-be-called-so'),
        pytest.param('tools/traim.py', ['tools/train.py'], id='in-the-repository'),
    ],
)
def test_paths(runs, path, expected):
    assert [str(near) for near in similar_paths(path)][:1] == expected


def test_a_folder_is_not_taken_for_a_file(runs):
    assert Path('work_dirs/htc/best') not in similar_paths('work_dirs/htc/bestt.pth')
    assert similar_paths('work_dirs/htc/bestt', folders=True) == [Path('work_dirs/htc/best')]


def test_absolute_paths_stay_absolute(runs):
    assert similar_paths(REPOSITORY / 'tools' / 'traim.py')[0] == REPOSITORY / 'tools' / 'train.py'
    assert similar_paths(runs / 'work_dir' / 'htc', folders=True) == [runs / 'work_dirs' / 'htc']


@pytest.mark.parametrize(
    ('guesses', 'expected'), [([], ''), (['a'], '; did you mean a?'), (['a', Path('b')], '; did you mean a or b?')]
)
def test_words(guesses, expected):
    assert did_you_mean(guesses) == expected


def test_names_come_best_first_and_not_all():
    assert similar_names('modl', ['data', 'mode', 'model', 'module']) == ['model', 'module']
    assert similar_names('modl', ['data']) == []
