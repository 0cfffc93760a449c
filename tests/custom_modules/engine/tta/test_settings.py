"""What a config may say about its test-time augmentation."""

import pytest
from mmengine.config import Config

from custom_modules.engine.config import load_config
from custom_modules.engine.tta import SegTTASettings, TTASettings, tta_settings
from custom_modules.utils import UserError

pytestmark = pytest.mark.fast


@pytest.mark.parametrize('cfg', [{}, {'tta': None}, {'tta': {}}], ids=['no-key', 'none', 'empty'])
def test_what_is_not_said_is_a_default(cfg):
    assert TTASettings.from_config(cfg) == TTASettings()


def test_what_is_said_replaces_one_default_each():
    given = {'scales': [1.0, 1.5], 'flips': ['none', 'vertical'], 'quarter_turns': (0, 1), 'max_per_img': 50}
    settings = TTASettings.from_config(Config({'tta': given}))
    expected = {**TTASettings().to_dict(), **given, 'quarter_turns': [0, 1]}
    assert settings.to_dict() == expected


@pytest.mark.parametrize(
    ('tta', 'message'),
    [
        pytest.param({'scale': [1.0]}, r'tta\.scale: unknown setting; did you mean scales', id='misspelt'),
        pytest.param({'zoom': 2}, 'tta.zoom: unknown setting; there are scales, flips, quarter_turns', id='unknown'),
        pytest.param({'scales': 1.5}, r'tta\.scales is 1\.5; give a list of factors', id='not-a-list'),
        pytest.param({'scales': []}, r'tta\.scales is \[\]', id='no-scale'),
        pytest.param({'scales': [1.0, 640]}, 'factors from 0.1 to 10', id='size-instead-of-factor'),
        pytest.param({'flips': ['diagonal']}, 'none, horizontal, vertical', id='flip'),
        pytest.param({'flips': 'horizontal'}, 'give a list', id='text-instead-of-list'),
        pytest.param({'quarter_turns': [90]}, 'some of 0, 1, 2, 3', id='degrees'),
        pytest.param({'quarter_turns': [True]}, 'some of 0, 1, 2, 3', id='bool'),
        pytest.param({'method': 'soft_nms'}, 'give one of wbf, nms', id='method'),
        pytest.param({'conf_type': 'mean'}, 'avg, max, box_and_model_avg, absent_model_aware_avg', id='conf-type'),
        pytest.param({'iou_thr': 1.5}, 'a number from 0 to 1', id='iou'),
        pytest.param({'skip_box_thr': '0.1'}, 'a number from 0 to 1', id='text-instead-of-number'),
        pytest.param({'max_per_img': 0}, 'None or a number from 1 on', id='none-kept'),
        pytest.param(True, 'write tta = dict', id='no-dict'),
    ],
)
def test_mistakes_are_one_line_that_names_the_valid_values(tta, message):
    with pytest.raises(UserError, match=message) as error:
        TTASettings.from_config({'tta': tta}, 'leaf.py')
    assert str(error.value).startswith('leaf.py: tta')
    assert '\n' not in str(error.value)


def test_a_config_is_checked_when_it_is_read(tmp_path):
    leaf = tmp_path / 'leaf.py'
    leaf.write_text("model = dict(type='RetinaNet')\ntta = dict(flips=['up'])\n")
    with pytest.raises(UserError, match=r'leaf.py: tta\.flips'):
        load_config(leaf)
    leaf.write_text("model = dict(type='RetinaNet')\n")
    assert load_config(leaf, {'tta.method': 'nms'}).tta.method == 'nms'
    with pytest.raises(UserError, match=r'tta\.methods: unknown setting; did you mean method'):
        load_config(leaf, {'tta.methods': 'nms'})


@pytest.mark.parametrize(
    ('scope', 'expected'),
    [
        pytest.param({}, TTASettings(flips=['none']), id='no-scope'),
        pytest.param({'default_scope': 'mmdet'}, TTASettings(flips=['none']), id='detector'),
        pytest.param({'default_scope': 'mmseg'}, SegTTASettings(flips=['none']), id='segmenter'),
    ],
)
def test_each_task_has_its_settings(scope, expected):
    assert tta_settings({**scope, 'tta': {'flips': ['none']}}) == expected


def test_a_segmenter_has_views_alone():
    assert list(SegTTASettings().to_dict()) == ['scales', 'flips', 'quarter_turns']
    with pytest.raises(UserError, match=r'leaf.py: tta\.iou_thr: unknown setting; there are scales, flips'):
        tta_settings({'default_scope': 'mmseg', 'tta': {'iou_thr': 0.5}}, 'leaf.py')
