"""Small detectors and batches for them."""

import warnings
from collections.abc import Callable
from pathlib import Path

import mmdet
import numpy as np
import pytest
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import HorizontalBoxes
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData, PixelData

from custom_modules.models.config_walk import walk_dicts
from custom_modules.structures.instance_masks import InstanceMasks

UPSTREAM = Path(mmdet.__file__).parent / '.mim' / 'configs'
# three objects that do not touch
OUTLINES = [[8.0, 8, 40, 10, 36, 44, 10, 36], [50.0, 20, 90, 16, 84, 70, 56, 60], [20.0, 60, 44, 58, 46, 90, 22, 84]]


@pytest.fixture(autouse=True)
def inside_mmdet():
    """Look up names in mmdet, and silence its warnings about its own settings."""
    with warnings.catch_warnings(), DefaultScope.overwrite_default_scope('mmdet'):
        warnings.simplefilter('ignore')
        yield


def _upstream_model(name: str) -> dict:
    """Read the model of an upstream config."""
    return Config.fromfile(UPSTREAM / name).model


def _small_model(name: str):
    """Read the model of an upstream ResNet config with a small backbone and few proposals."""
    model = _upstream_model(name)
    model.backbone = {'type': 'ResNet', 'depth': 18, 'out_indices': (0, 1, 2, 3), 'norm_eval': True}
    if 'neck' in model:
        neck = model.neck[0] if isinstance(model.neck, list) else model.neck
        neck.in_channels = [64, 128, 256, 512]
    if model.train_cfg.get('rpn_proposal'):
        model.train_cfg.rpn_proposal.update(nms_pre=50, max_per_img=40)
    for _, part in walk_dicts(model):
        if part.get('type') == 'Shared2FCBBoxHead':
            part.fc_out_channels = 32
        if part.get('type') == 'RandomSampler':
            part.num = min(part.num, 64)
    return model


def _outline_masks(kinds: list[str], height: int = 96, width: int = 96) -> InstanceMasks:
    """Make the three objects, each as 'polygon', 'bitmap' or 'none'."""
    drawn = InstanceMasks([[outline] for outline in OUTLINES], height, width).to_ndarray()
    boxes = [[*np.reshape(o, (-1, 2)).min(0), *np.reshape(o, (-1, 2)).max(0)] for o in OUTLINES]
    forms = {'polygon': lambda i: [OUTLINES[i]], 'bitmap': lambda i: drawn[i], 'none': lambda i: None}
    return InstanceMasks([forms[kind](i) for i, kind in enumerate(kinds)], height, width, boxes=boxes)


def _make_batch(masks: list, size: int = 96, *, semantic: bool = False) -> dict:
    """Make a batch of pictures that show the three objects, or none, as the models get it."""
    generator = torch.Generator().manual_seed(0)
    samples = []
    for mask in masks:
        data = InstanceData(bboxes=HorizontalBoxes(torch.zeros(0, 4)), labels=torch.arange(0))
        if mask is not None:
            boxes = _outline_masks(['polygon'] * 3).get_bboxes()
            data = InstanceData(bboxes=boxes, labels=torch.arange(3), masks=mask)
        sample = DetDataSample(gt_instances=data, ignored_instances=data[:0])
        sample.set_metainfo({'img_shape': (size, size), 'ori_shape': (size, size), 'scale_factor': (1.0, 1.0)})
        if semantic:
            sample.gt_sem_seg = PixelData(sem_seg=torch.zeros(1, size // 8, size // 8, dtype=torch.long))
        samples.append(sample)
    inputs = [torch.randint(0, 255, (3, size, size), generator=generator, dtype=torch.uint8) for _ in masks]
    return {'inputs': inputs, 'data_samples': samples}


def _training_step(cfg: dict, batch: dict) -> tuple[dict, torch.nn.Module]:
    """Build a model, calculate its losses on a batch and go backward."""
    torch.manual_seed(0)
    model = MODELS.build(cfg)
    model.init_weights()
    model.train()
    data = model.data_preprocessor(batch, True)
    losses = model.loss(data['inputs'], data['data_samples'])
    total, log = model.parse_losses(losses)
    total.backward()
    return {name: float(value) for name, value in log.items()}, model


@pytest.fixture(scope='session')
def upstream_folder() -> Path:
    """Where upstream's configs are."""
    return UPSTREAM


@pytest.fixture(scope='session')
def outlines() -> list:
    """Three polygons on a picture of 96 px that do not touch."""
    return OUTLINES


@pytest.fixture(scope='session')
def upstream_model() -> Callable:
    """See :func:`_upstream_model`."""
    return _upstream_model


@pytest.fixture(scope='session')
def small_model() -> Callable:
    """See :func:`_small_model`."""
    return _small_model


@pytest.fixture(scope='session')
def outline_masks() -> Callable:
    """See :func:`_outline_masks`."""
    return _outline_masks


@pytest.fixture(scope='session')
def make_batch() -> Callable:
    """See :func:`_make_batch`."""
    return _make_batch


@pytest.fixture(scope='session')
def training_step() -> Callable:
    """See :func:`_training_step`."""
    return _training_step
