"""What every test starts from: registered components, a clean process, a small data set."""

import json
import os
import random
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope

import custom_modules  # noqa: F401 - registers everything
from custom_modules.datasets.checks import Findings
from custom_modules.datasets.label_classes import read_class_file
from custom_modules.datasets.label_index import index_labels
from custom_modules.datasets.synthetic import make_synthetic
from tests.custom_modules.datasets.minicity import write_minicity

ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = ROOT.parent / 'shared' / 'data'


@pytest.fixture(autouse=True)
def restore_process():
    """Leave no seed, folder, signal handler, default scope or process group behind."""
    folder, states = Path.cwd(), (random.getstate(), np.random.get_state(), torch.get_rng_state())
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    scopes = dict(DefaultScope._instance_dict)
    yield
    DefaultScope._instance_dict.clear()
    DefaultScope._instance_dict.update(scopes)
    os.chdir(folder)
    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.set_rng_state(states[2])
    torch.set_default_dtype(torch.float32)
    for number, handler in handlers.items():
        signal.signal(number, handler)
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


@pytest.fixture
def two_threads():
    """Let operators and kernels use two threads, and put the number back."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope='session')
def synthetic_root(tmp_path_factory) -> Path:
    """A synthetic data set of 16 training, 4 validation and 4 test pictures of 128 px."""
    folder = tmp_path_factory.mktemp('synthetic') / 'data'
    make_synthetic(folder, train=16, val=4, test=4, size=128, seed=3, frequencies='flat')
    return folder


@pytest.fixture
def indexed_minicity(tmp_path) -> Path:
    """A made-up folder in the layout of MiniCity with its json files, see ``minicity.py``."""
    root = write_minicity(tmp_path / 'minicity')
    for name, content in index_labels(root, read_class_file('minicity'), Findings(str(root))).files.items():
        (root / name).write_text(json.dumps(content))
    return root


@pytest.fixture(scope='session')
def shared_data() -> Path:
    """Real photographs beside the repository, where they are."""
    if not SHARED_DATA.is_dir():
        pytest.skip('optional: real photographs beside the repository, ../shared/data')
    return SHARED_DATA


_SEGMENTER = """
default_scope = 'mmseg'
data_root = 'data/synthetic'
pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=({side}, {side}), keep_ratio=True),
    dict(type='LoadTrashSegmentation'),
    dict(type='PackSegInputs', meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'reduce_zero_label')),
]
dataset = dict(type='TrashSegDataset', data_root=data_root, ann_file='val.json', pipeline=pipeline, test_mode=True)
test_dataloader = dict(batch_size=1, num_workers=0, dataset=dataset)
test_evaluator = dict(type='TrashIoUMetric')
model = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(
        type='SegDataPreProcessor', mean=[123.7, 116.3, 103.5], std=[58.4, 57.1, 57.4], bgr_to_rgb=True
    ),
    backbone=dict(
        type='ResNet', depth=18, stem_channels=8, base_channels=8, num_stages=2, strides=(1, 2), dilations=(1, 1),
        out_indices=(0, 1),
    ),
    decode_head=dict(
        type='FCNHead', in_channels=16, in_index=1, channels=16, num_convs=1, num_classes=11, align_corners=False,
        loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=True),
    ),
    test_cfg=dict(mode='whole'),
)
"""


@pytest.fixture(scope='session')
def tiny_segmenter(tmp_path_factory) -> Path:
    """The config file of a segmenter that needs a hundredth of a second for a picture of 64 px."""
    path = tmp_path_factory.mktemp('configs') / 'tiny_segmenter.py'
    path.write_text(_SEGMENTER.format(side=64))
    return path


@pytest.fixture(scope='session')
def untrained_segmenter(tiny_segmenter, synthetic_root, tmp_path_factory) -> Path:
    """Weights of it for the classes of the synthetic set, untrained but not undecided."""
    from mmengine.registry import MODELS, DefaultScope

    from custom_modules.datasets import load_coco
    from custom_modules.datasets.label_maps import segmentation_classes
    from custom_modules.engine import load_config
    from custom_modules.engine.data import use_classes

    classes = segmentation_classes(load_coco(synthetic_root / 'val.json', check_images=False).classes)
    cfg = load_config(tiny_segmenter)
    use_classes(cfg, len(classes))
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build(cfg.model)
    torch.nn.init.normal_(model.decode_head.conv_seg.weight, std=1.0)
    meta = {'classes': list(classes), 'cat_ids': list(range(len(classes)))}
    path = tmp_path_factory.mktemp('segmenter') / 'best.pth'
    torch.save({'state_dict': model.state_dict(), 'meta': meta}, path)
    return path
