"""The measurement of test-time augmentation: which views a row takes, and the table."""

import pytest

from benchmarks.tta import MORE_VIEWS, PLAIN, VIEWS, views_of, write_tables
from custom_modules.engine.tta import TTASettings
from custom_modules.engine.tta.views import make_views

pytestmark = pytest.mark.fast


@pytest.mark.parametrize('row', [*VIEWS.values(), *MORE_VIEWS.values()], ids=[*VIEWS, *MORE_VIEWS])
def test_a_row_takes_the_views_that_its_settings_mean(row):
    assert len(set(views_of(row))) == len(make_views(TTASettings(**row)))


def test_the_rows_without_settings_are_the_defaults():
    defaults = {
        (view.scale, 'horizontal' if view.mirrored else 'none', view.quarters) for view in make_views(TTASettings())
    }
    assert set(views_of({})) == defaults
    assert PLAIN in defaults


def test_gains_are_against_the_picture_as_it_is():
    rows = {
        'the picture as it is': {'mAP50': 0.5, 'views': 1, 'time': 1.0},
        'horizontal flip': {'mAP50': 0.525, 'views': 2, 'time': 2.0},
    }
    text = write_tables({'one': {'config': 'a.py', 'data': 'set', 'pictures': 3, 'rows': rows}})
    assert '| horizontal flip | 2 | 2.0x | 0.5250 (+0.0250) |' in text
