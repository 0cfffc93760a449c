"""Every config on disk loads, checks and builds."""

import ast
import re
from pathlib import Path

import pytest
from mmengine.registry import MODELS, DefaultScope

from custom_modules.engine import load_config
from custom_modules.engine.data import use_classes
from custom_modules.engine.shrink import shrink
from custom_modules.engine.tasks import is_segmentation
from custom_modules.engine.tta import TestTimeAugmentation
from custom_modules.models import deaf_to_ignore_regions
from custom_modules.models.complexity import count_complexity
from tools.zoo_table import read_leaf

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
def test_leaf_loads(path):
    cfg = load_config(path)
    assert {'model', 'train_dataloader', 'val_dataloader', 'optim_wrapper', 'total_batch_size'} <= set(cfg)
    assert len(TestTimeAugmentation(cfg).pipelines) == 6
    assert is_segmentation(cfg) or deaf_to_ignore_regions(cfg.model) == []


@pytest.mark.fast
@pytest.mark.parametrize('path', LEAVES, ids=name)
def test_leaf_says_what_it_is(path):
    """What it trains, a command that names this very file, the score or that there is none."""
    leaf = read_leaf(path)
    commands = re.findall(
        r'^    (?:tools/dist_train\.sh|python tools/train\.py) (configs/\S+\.py)', leaf.commands, re.M
    )
    assert commands == [f'configs/{name(path)}']
    assert leaf.score == 'not measured.' or re.search(r'm(AP50|IoU) 0\.\d{3}', leaf.score)


@pytest.mark.fast
@pytest.mark.parametrize('path', [*LEAVES, *BASES], ids=name)
def test_a_config_states_differences(path):
    code = path.read_text().split('"""', 2)[2]
    assert len(code.splitlines()) <= (90 if path in BASES else 50)


def level(path: Path) -> int:
    """Tell a block of ``_base_/<kind>/`` or a choice (1) from a family of ``_base_/`` (2) and a leaf (3)."""
    if path.parent.parent == CONFIGS / '_base_':
        return 1
    if path.parent == CONFIGS / '_base_':
        is_family = bases_of(path) and not path.stem.startswith('runtime')
        return 2 if is_family else 1
    return 3


def bases_of(path: Path) -> list[Path]:
    """List the files a config inherits from in this repository."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == '_base_':
            bases = ast.literal_eval(node.value)
            bases = [bases] if isinstance(bases, str) else bases
            return [(path.parent / base).resolve() for base in bases if '::' not in base]
    return []


@pytest.mark.fast
@pytest.mark.parametrize('path', [*LEAVES, *BASES], ids=name)
def test_three_levels(path):
    """Leaf, family, block: nothing inherits from above, leaves of trash not from leaves, families not from families."""
    for base in bases_of(path):
        assert level(base) <= level(path), f'{name(path)} inherits from {name(base)}'
        beside = level(base) == level(path)
        assert not beside or level(path) == 1 or path.parent.name == 'demo', f'{name(base)} stands beside {name(path)}'


@pytest.mark.parametrize('path', PLAIN, ids=name)
def test_leaf_builds_with_the_classes_of_a_data_set(path):
    cfg = load_config(path)
    use_classes(cfg, 7, has_masks=True)
    shrink(cfg)
    DefaultScope.get_instance(f'test_{path.stem}', scope_name='mmdet')
    model = MODELS.build(cfg.model)
    assert [head.fc_cls.out_features for head in model.roi_head.bbox_head] == [8, 8, 8]
    assert {head.num_classes for head in model.roi_head.mask_head} == {7}
    assert model.backbone.__class__.__name__ == 'SwinTransformer'


def test_htc_swin_l_has_its_known_size():
    """248.6 million parameters with ten classes, as upstream's Swin-L, FPN and HTC heads have when put together."""
    cfg = load_config(CONFIGS / 'trash' / 'htc_swin_l.py')
    use_classes(cfg, 10, has_masks=True)
    assert count_complexity(cfg.model, (64, 64)).parameters / 1e6 == pytest.approx(248.6, abs=0.05)


@pytest.mark.parametrize('path', [path for path in PLAIN if path.parent.name == 'trash'], ids=name)
def test_start_weights_are_published_ones(path):
    address = load_config(path).model.backbone.init_cfg.checkpoint
    size = {'t': 'tiny', 's': 'small', 'b': 'base', 'l': 'large'}[path.stem[-1]]
    assert address.startswith('https://') and f'swin_{size}_' in address
    assert ('384_22k' in address) == (path.stem[-1] in 'bl')
