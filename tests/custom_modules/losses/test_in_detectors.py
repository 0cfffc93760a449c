"""The demo HTC with every loss of the config blocks: one step whose loss and gradients are finite."""

import copy

import pytest
import torch
from mmdet.registry import DATASETS, MODELS
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import DefaultScope

from custom_modules.engine import load_config
from custom_modules.models import set_num_classes
from tests.conftest import ROOT

BOXES, CLASSES = (Config.fromfile(ROOT / 'configs' / '_base_' / f'{kind}_losses.py') for kind in ('box', 'class'))
TRASH = ROOT / 'configs' / 'trash'
PARTS = {name: {'loss_bbox': cfg} for name, cfg in BOXES.items()}
PARTS |= {name: cfg for name, cfg in CLASSES.items() if 'loss_cls' in cfg}


def test_each_loss_has_its_leaf():
    leaves = {path.stem for path in TRASH.glob('htc_swin_b_*.py')}
    assert len(PARTS) == 14
    assert leaves >= {f'htc_swin_b_{name}' for name in PARTS}


@pytest.fixture(scope='module')
def plain_heads() -> list[dict]:
    """The box heads of the leaf that takes no choice."""
    return Config.fromfile(TRASH / 'htc_swin_b.py').model.roi_head.bbox_head


@pytest.mark.parametrize('name', PARTS)
def test_leaf_sets_the_loss_in_every_stage(plain_heads, name):
    heads = Config.fromfile(TRASH / f'htc_swin_b_{name}.py').model.roi_head.bbox_head
    assert [dict(head) for head in heads] == [{**head, **PARTS[name]} for head in plain_heads]


@pytest.fixture(scope='module')
def demo(synthetic_root) -> tuple[Config, dict]:
    """The demo HTC, and two of its training pictures."""
    cfg = load_config(ROOT / 'configs' / 'demo' / 'htc_swin.py')
    with DefaultScope.overwrite_default_scope('mmdet'):
        dataset = DATASETS.build({**cfg.train_dataloader.dataset, 'data_root': str(synthetic_root)})
        batch = pseudo_collate([dataset[0], dataset[1]])
    set_num_classes(cfg.model, len(dataset.metainfo['classes']))
    return cfg, batch


@pytest.mark.parametrize('name', PARTS)
def test_a_step_of_the_demo_htc(demo, name):
    cfg, batch = copy.deepcopy(demo)
    model = cfg.model
    model.roi_head.bbox_head = [{**head, **PARTS[name]} for head in model.roi_head.bbox_head]
    set_num_classes(model, 10)
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmdet'):
        detector = MODELS.build(model)
    data = detector.data_preprocessor(batch, training=True)
    total, losses = detector.parse_losses(detector(**data, mode='loss'))
    total.backward()
    assert all(torch.isfinite(value) for value in losses.values())
    own = [value for key, value in losses.items() if key.startswith('s') and next(iter(PARTS[name])) in key]
    assert len(own) == (6 if name == 'seesaw' else 3) and all(value > 0 for value in own)
    grads = [parameter.grad for parameter in detector.roi_head.parameters() if parameter.grad is not None]
    assert grads and all(torch.isfinite(grad).all() for grad in grads)
