"""Paths as they are shown."""

import os

import pytest

from custom_modules.utils import as_typed

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ('path', 'shown'),
    [
        ('{here}/runs/a', 'runs/a'),
        ('runs/a', 'runs/a'),
        ('./runs/a', 'runs/a'),
        ('../b', '../b'),
        ('{here}/../b', '{here}/../b'),
        ('{here}/..runs', '..runs'),
        ('{here}_other/a', '{here}_other/a'),
    ],
    ids=['inside', 'relative', 'dot', 'beside', 'beside-whole', 'dots', 'same-beginning'],
)
def test_a_path_is_shown_as_one_would_type_it(tmp_path, path, shown):
    here = tmp_path / 'here'
    here.mkdir()
    os.chdir(here)
    assert as_typed(path.format(here=here)) == shown.format(here=here)
