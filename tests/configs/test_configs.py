"""Every config on disk loads, checks and builds."""

import ast
import re
from pathlib import Path

import pytest
from mmengine.registry import MODELS, DefaultScope

from custom_modules.engine import load_config
from custom_modules.engine.data import use_classes
from custom_modules.engine.start_weights import use_start_weights

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
LEAVES = sorted(path for folder in ('trash', 'demo') for path in (CONFIGS / folder).glob('*.py'))
BASES = sorted((CONFIGS / '_base_').rglob('*.py'))
PLAIN = [path for path in LEAVES if re.fullmatch(r'(htc|cascade_mask_rcnn)_swin(_[tsbl])?', path.stem)]


def name(path: Path) -> str:
    return str(path.relative_to(CONFIGS))


def test_there_are_configs():
    names = {name(path) for path in LEAVES}
    wanted = {f'trash/{family}_swin_{size}.py' for family in ('htc', 'cascade_mask_rcnn') for size in 'tsbl'}
    assert names >= wanted | {'demo/htc_swin.py', 'demo/cascade_mask_rcnn_swin.py'}


@pytest.mark.parametrize('path', LEAVES, ids=name)
def test_leaf_loads_and_says_what_it_is(path):
    cfg = load_config(path)
    assert {'model', 'train_dataloader', 'val_dataloader', 'optim_wrapper', 'total_batch_size'} <= set(cfg)
    docstring = ast.get_docstring(ast.parse(path.read_text()))
    assert f'configs/{name(path)}' in docstring
    assert 'Score:' in docstring


@pytest.mark.parametrize('path', [*LEAVES, *BASES], ids=name)
def test_a_config_states_differences(path):
    code = path.read_text().split('"""', 2)[2]
    assert len(code.splitlines()) <= (90 if path in BASES else 50)


@pytest.mark.parametrize('path', PLAIN, ids=name)
def test_leaf_builds_with_the_classes_of_a_data_set(path):
    cfg = load_config(path)
    use_classes(cfg, 7, has_masks=True)
    use_start_weights(cfg, 'none')
    DefaultScope.get_instance(f'test_{path.stem}', scope_name='mmdet')
    model = MODELS.build(cfg.model)
    assert [head.fc_cls.out_features for head in model.roi_head.bbox_head] == [8, 8, 8]
    assert {head.num_classes for head in model.roi_head.mask_head} == {7}
    assert model.backbone.__class__.__name__ == 'SwinTransformer'


def test_htc_swin_l_has_its_known_size():
    """248.6 million parameters with ten classes, as upstream's Swin-L, FPN and HTC heads have when put together."""
    cfg = load_config(CONFIGS / 'trash' / 'htc_swin_l.py')
    use_classes(cfg, 10, has_masks=True)
    use_start_weights(cfg, 'none')
    DefaultScope.get_instance('size', scope_name='mmdet')
    parameters = sum(parameter.numel() for parameter in MODELS.build(cfg.model).parameters())
    assert parameters / 1e6 == pytest.approx(248.6, abs=0.05)


@pytest.mark.parametrize('path', [path for path in PLAIN if path.parent.name == 'trash'], ids=name)
def test_start_weights_are_published_ones(path):
    address = load_config(path).model.backbone.init_cfg.checkpoint
    size = {'t': 'tiny', 's': 'small', 'b': 'base', 'l': 'large'}[path.stem[-1]]
    assert address.startswith('https://') and f'swin_{size}_' in address
    assert ('384_22k' in address) == (path.stem[-1] in 'bl')
