"""The config of a run as plain values."""

import pytest

from custom_modules.leaderboard import read_run_config
from custom_modules.utils import UserError

pytestmark = pytest.mark.fast


def test_values(tmp_path):
    path = tmp_path / 'config.py'
    path.write_text(
        "a = dict(b=[1, -2.5, None], c=(1, 'x'), **{'d.e': dict(f=True)})\nempty = {}\nkeys = {'x': dict(y=1)}\n"
    )
    assert read_run_config(path) == {
        'a': {'b': [1, -2.5, None], 'c': (1, 'x'), 'd.e': {'f': True}},
        'empty': {},
        'keys': {'x': {'y': 1}},
    }


@pytest.mark.parametrize(
    'text', ["a = open('x')", 'a = b', 'a, b = 1, 2', 'a = dict(', 'a = dict(b=dict(c=exit()))'], ids=repr
)
def test_nothing_is_executed(tmp_path, text):
    path = tmp_path / 'config.py'
    path.write_text(text)
    with pytest.raises(UserError, match='not the config of a run'):
        read_run_config(path)


def test_missing(tmp_path):
    with pytest.raises(UserError, match='No such file'):
        read_run_config(tmp_path / 'config.py')
