"""A detector with masks that needs a twentieth of a second for a picture, and pictures for it."""

import copy
import functools
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope

from custom_modules.datasets.synthetic import make_synthetic
from custom_modules.engine import load_config
from custom_modules.engine.data import use_classes

DEMO = Path(__file__).resolve().parents[4] / 'configs' / 'demo' / 'cascade_mask_rcnn_swin.py'


def small_config() -> Config:
    """Give the demo's Cascade Mask R-CNN that sees pictures of 64 px and finds at most four objects."""
    return copy.deepcopy(_loaded())


@functools.cache
def _loaded() -> Config:
    cfg = load_config(DEMO)
    pipeline = cfg.test_dataloader.dataset.pipeline
    next(step for step in pipeline if step['type'] == 'Resize')['scale'] = (64, 64)
    cfg.model.test_cfg.rpn.update(nms_pre=20, max_per_img=6)
    cfg.model.test_cfg.rcnn.update(max_per_img=4, score_thr=0.0)
    return cfg


@pytest.fixture(scope='session')
def data_root(tmp_path_factory) -> Path:
    """Seven test pictures of 64 px."""
    folder = tmp_path_factory.mktemp('pictures') / 'data'
    make_synthetic(folder, train=4, val=2, test=7, size=64, seed=5, frequencies='flat')
    return folder


@pytest.fixture(scope='session')
def checkpoint(data_root, tmp_path_factory) -> Path:
    """Weights of it, untrained."""
    categories = json.loads((data_root / 'val.json').read_text())['categories']
    cfg = small_config()
    use_classes(cfg, len(categories), has_masks=True)
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmdet'):
        weights = MODELS.build(cfg.model).state_dict()
    meta = {'classes': [c['name'] for c in categories], 'cat_ids': [c['id'] for c in categories]}
    path = tmp_path_factory.mktemp('weights') / 'c.pth'
    torch.save({'state_dict': weights, 'meta': meta}, path)
    return path


@pytest.fixture
def config() -> Callable[[], Config]:
    """Return a function that gives its config anew."""
    return small_config
