"""Mistakes in configs are found before anything is built."""

import os

import pytest

from custom_modules.engine.config import load_config, parse_overrides
from custom_modules.utils import UserError

pytestmark = pytest.mark.fast

GOOD = "model = dict(type='RetinaNet')\nwidth = 3\ntrain_cfg = dict(max_epochs=width)\n"


def write(folder, text, name='leaf.py'):
    (folder / name).write_text(text)
    return folder / name


def test_helpers_are_dropped_and_used_values_kept(tmp_path):
    cfg = load_config(write(tmp_path, GOOD))
    assert cfg.train_cfg.max_epochs == 3
    assert 'width' not in cfg


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        pytest.param(
            'optim_wraper = dict()', "line 1: nothing reads 'optim_wraper'; did you mean optim_wrapper", id='key'
        ),
        pytest.param('\ntrain_pipeline = []', "line 2: nothing reads 'train_pipeline'", id='helper-without-effect'),
        pytest.param(
            "model = dict(type='RetinaNett')", "unknown type 'RetinaNett' in model; did you mean RetinaNet", id='type'
        ),
        pytest.param("model = dict(a=[dict(type='Nope')])", "unknown type 'Nope' in model.a[0]", id='nested-type'),
        pytest.param('model = dict(', 'not a Python file', id='syntax'),
        pytest.param('model = dict(x=1 / 0)', 'ZeroDivisionError', id='raises'),
        pytest.param("_base_ = './gone.py'", 'gone.py, which does not exist', id='base'),
        pytest.param("_base_ = './' + 'gone.py'", 'gone.py', id='computed-base'),
        pytest.param("_base_ = './leaf.py'", 'which inherits from it', id='circle'),
        pytest.param('import nosuch', 'Failed to import nosuch', id='import'),
        pytest.param('resume = True', 'by --resume', id='resume'),
        pytest.param("activation_checkpointing = ['backbone']", '--low-memory', id='recompute'),
    ],
)
def test_mistakes_are_named_in_one_line(tmp_path, text, message):
    with pytest.raises(UserError) as error:
        load_config(write(tmp_path, text))
    assert message in str(error.value)
    assert 'leaf.py' in str(error.value)
    assert '\n' not in str(error.value)


def test_a_base_may_offer_helpers_but_not_misspell_keys(tmp_path):
    leaf = write(tmp_path, "_base_ = './base.py'\nmodel = _base_.small\n")
    write(tmp_path, 'small = dict(type="RetinaNet")\nlarge = 1\n', 'base.py')
    assert load_config(leaf).model.type == 'RetinaNet'
    write(tmp_path, 'small = dict(type="RetinaNet")\nparam_schedulers = []\n', 'base.py')
    with pytest.raises(UserError, match="base.py, line 2: nothing reads 'param_schedulers'; did you mean param_sched"):
        load_config(leaf)


@pytest.mark.parametrize(
    ('name', 'meant'),
    [
        pytest.param('mine_swim.py', '{0}/mine_swin.py', id='neighbour'),
        pytest.param('htc_swin_l.py', 'configs/trash/htc_swin_l.py', id='without-its-folder'),
        pytest.param('htc_swin_l', 'configs/trash/htc_swin_l.py', id='bare'),
        pytest.param('configs/demo/htc_swin_l.py', 'configs/trash/htc_swin_l.py', id='another-folder'),
        pytest.param('configs/trash/htc_swim_l.py', 'configs/trash/htc_swin_l.py', id='mistyped'),
        pytest.param('htc_swiin_l', 'configs/trash/htc_swin_l.py', id='bare-and-mistyped'),
    ],
)
def test_missing_config_is_guessed(tmp_path, name, meant):
    write(tmp_path, GOOD, 'mine_swin.py')
    os.chdir(tmp_path)
    with pytest.raises(UserError) as error:
        load_config(tmp_path / name if name.startswith('mine') else name)
    assert f'{name}: no such config; did you mean {meant.format(tmp_path)}' in str(error.value)


def test_nothing_like_a_missing_config(tmp_path):
    with pytest.raises(UserError, match=r'zzz\.py: no such config$'):
        load_config(tmp_path / 'zzz.py')


@pytest.mark.parametrize(
    ('pairs', 'expected'),
    [
        pytest.param(['a.b=2e-4', 'c=[1,2]'], {'a.b': 2e-4, 'c': [1, 2]}, id='literals'),
        pytest.param(
            ['a=text/with=sign', 'b=true', 'c=none'], {'a': 'text/with=sign', 'b': True, 'c': None}, id='words'
        ),
    ],
)
def test_overrides_are_read(pairs, expected):
    assert parse_overrides(pairs) == expected


@pytest.mark.parametrize(
    ('override', 'message'),
    [
        pytest.param('trian_cfg.max_epochs=1', 'did you mean train_cfg', id='first-part'),
        pytest.param('model.bakbone.depth=1', 'the config has no model.bakbone', id='inner-part'),
        pytest.param('lr', 'write KEY=VALUE', id='no-value'),
        pytest.param('train_cfg.max_epochs.x=3', 'train_cfg.max_epochs is 3', id='inside-a-number'),
        pytest.param('train_cfg.max_epochs.x.y=3', 'the config has no train_cfg.max_epochs.x', id='deep-in-a-number'),
        pytest.param(
            'model.x.5.y=3', r'the config has no model.x.5; did you mean|the config has no model.x', id='list'
        ),
    ],
)
def test_mistaken_overrides_are_refused(tmp_path, override, message):
    with pytest.raises(UserError, match=message):
        load_config(write(tmp_path, GOOD), parse_overrides([override]))


@pytest.mark.parametrize(
    ('overrides', 'ends'),
    [
        pytest.param({'train_cfg.max_epochs': 6}, [30, 6, 6, [4, 5]], id='half'),
        pytest.param({'train_cfg.max_epochs': 1}, [30, 1, 1, [1, 1]], id='at-least-one'),
        pytest.param({'train_cfg.max_epochs': 6, 'param_scheduler.1.end': 9}, [30, 12, 9, [8, 10]], id='own-schedule'),
        pytest.param({'train_cfg.val_interval': 6}, [30, 12, 12, [8, 10]], id='another-key'),
    ],
)
def test_schedules_by_epoch_end_with_the_training(tmp_path, overrides, ends):
    (tmp_path / 'a.py').write_text(
        'train_cfg = dict(max_epochs=12, val_interval=1)\n'
        'param_scheduler = [\n'
        "    dict(type='LinearLR', by_epoch=False, begin=0, end=30),\n"
        "    dict(type='CosineAnnealingLR', T_max=12, begin=0, end=12),\n"
        "    dict(type='MultiStepLR', milestones=[8, 10]),\n"
        ']\n'
    )
    warm_up, cosine, steps = load_config(tmp_path / 'a.py', overrides).param_scheduler
    assert [warm_up.end, cosine.T_max, cosine.end, steps.milestones] == ends
    assert warm_up.begin == cosine.begin == 0


@pytest.mark.parametrize(
    ('key', 'message'),
    [
        ('max_epochs', 'max_epochs: unknown key; did you mean train_cfg.max_epochs'),
        ('model.decode_head.num_classes', 'num_classes: has no effect, the number of classes follows the data set'),
    ],
)
def test_keys_that_do_nothing(key, message):
    with pytest.raises(UserError, match=message):
        load_config('configs/demo/upernet_swin.py', {key: 5})


def test_a_helper_of_a_base_is_guessed(tmp_path):
    (tmp_path / 'base.py').write_text('lovasz = dict(a=1)\nmodel = dict(b=lovasz)\n')
    (tmp_path / 'leaf.py').write_text("_base_ = './base.py'\nmodel = dict(c=_base_.lovasc)\n")
    with pytest.raises(UserError, match="no attribute 'lovasc'; did you mean lovasz"):
        load_config(tmp_path / 'leaf.py')
