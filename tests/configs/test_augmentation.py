"""Every augmentation of _base_/augmentation.py works over the demo's data set."""

from pathlib import Path

import numpy as np
import pytest
from mmengine.registry import DATASETS, DefaultScope

from custom_modules.engine import load_config
from custom_modules.engine.data import use_data
from custom_modules.engine.seeding import SampleKey, SeededDataset

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
HEAD = f"""
_base_ = ['{CONFIGS}/demo/htc_swin.py', '{CONFIGS}/_base_/augmentation.py']
"""
PLAIN = HEAD + 'train_dataloader = dict(dataset=dict(pipeline=[*_base_.load, {step}, *_base_.augment, _base_.pack]))\n'
MIXED = (
    HEAD
    + """
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='MultiImageMixDataset',
        dataset=dict(_base_.train_dataloader.dataset, pipeline=_base_.load),
        pipeline=[dict({step}, prob=1.0), *_base_.augment, _base_.pack],
    )
)
"""
)


def pictures_of(text: str, root: Path, folder: Path) -> list[np.ndarray]:
    """The first pictures of an epoch with a config of this text."""
    (folder / 'config.py').write_text(text)
    cfg = load_config(folder / 'config.py')
    use_data(cfg, str(root))
    with DefaultScope.overwrite_default_scope('mmdet'):
        dataset = SeededDataset(DATASETS.build(cfg.train_dataloader.dataset), seed=0)
    samples = [dataset[SampleKey(index, 0, 0)] for index in range(6)]
    assert all(len(sample['data_samples'].gt_instances.masks) for sample in samples)
    return [sample['inputs'].numpy() for sample in samples]


@pytest.fixture(scope='module')
def plain_pictures(synthetic_root, tmp_path_factory) -> list[np.ndarray]:
    """The pictures without any of the blocks."""
    return pictures_of(PLAIN.replace('{step}, ', ''), synthetic_root, tmp_path_factory.mktemp('plain'))


@pytest.mark.parametrize(
    ('text', 'step'),
    [
        (PLAIN, '_base_.rotate90'),
        (PLAIN, '_base_.cutout'),
        (PLAIN, '*_base_.brightness_contrast'),
        (PLAIN, '_base_.photometric'),
        (PLAIN, 'dict(_base_.clahe, prob=1.0)'),
        (PLAIN, '_base_.albu'),
        (MIXED, '_base_.mosaic'),
        (MIXED, '_base_.mixup'),
        (MIXED, '_base_.copy_paste'),
    ],
    ids=lambda value: value if value.count('\n') == 0 else '',
)
def test_block_changes_pictures_and_keeps_their_objects(plain_pictures, synthetic_root, tmp_path, text, step):
    if 'albu' in step:
        pytest.importorskip('albumentations', minversion='1.4.11')
    changed = pictures_of(text.format(step=step), synthetic_root, tmp_path)
    assert any(
        one.shape != other.shape or (one != other).any() for one, other in zip(plain_pictures, changed, strict=True)
    )
    assert all(max(picture.shape) <= 192 for picture in changed)
