"""Every augmentation of _base_/augmentation_segmentation.py works over the demo's data set."""

from pathlib import Path

import numpy as np
import pytest
from mmengine.registry import DATASETS, DefaultScope

from custom_modules.engine import load_config
from custom_modules.engine.data import use_data
from custom_modules.engine.seeding import SampleKey, SeededDataset

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
TEXT = f"""
_base_ = ['{CONFIGS}/demo/deeplabv3plus_r18.py', '{CONFIGS}/_base_/augmentation_segmentation.py']
train_dataloader = dict(dataset=dict(pipeline=[*_base_.load, {{step}}_base_.pack]))
"""
COLOURS = ('channel_shuffle', 'clahe', 'brightness_contrast', 'colour_jitter')
NAMES = (
    *('flip_horizontal', 'flip_vertical', 'rotate', 'shift_scale_rotate', 'grid_distortion', 'elastic', 'cutout'),
    *('resized_crop', 'multi_scale_1024', 'multi_scale_1280'),
    *COLOURS,
)


def samples_of(text: str, root: Path, folder: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """The pictures (3, H, W) and label maps (H, W) that an epoch begins with, each drawn twice and found the same."""
    (folder / 'config.py').write_text(text)
    cfg = load_config(folder / 'config.py')
    use_data(cfg, str(root))
    with DefaultScope.overwrite_default_scope('mmseg'):
        dataset = SeededDataset(DATASETS.build(cfg.train_dataloader.dataset), seed=0)
    found = []
    for index in range(12):
        first, again = (dataset[SampleKey(index, 0, 0)] for _ in range(2))
        np.testing.assert_array_equal(first['inputs'].numpy(), again['inputs'].numpy())
        found.append((first['inputs'].numpy(), first['data_samples'].gt_sem_seg.data[0].numpy()))
    return found


@pytest.fixture(scope='module')
def plain(synthetic_root, tmp_path_factory):
    """The samples without any of the blocks."""
    return samples_of(TEXT.format(step=''), synthetic_root, tmp_path_factory.mktemp('plain'))


def test_the_block_offers_what_is_tested_here():
    from mmengine.config import Config

    block = Config.fromfile(CONFIGS / '_base_' / 'augmentation_segmentation.py')
    assert {name for name in block if name != 'constant'} == set(NAMES)


@pytest.mark.parametrize('name', NAMES)
def test_a_step_changes_pictures_and_their_label_maps_alike(plain, synthetic_root, tmp_path, name):
    if name not in ('flip_horizontal', 'flip_vertical', 'cutout', 'clahe') and 'multi_scale' not in name:
        pytest.importorskip('albumentations', minversion='1.4.11')
    changed = samples_of(TEXT.format(step=f'_base_.{name}, '), synthetic_root, tmp_path)
    assert any(
        one.shape != other.shape or (one != other).any() for (one, _), (other, _) in zip(plain, changed, strict=True)
    )
    for (_, before), (picture, labels) in zip(plain, changed, strict=True):
        assert labels.shape == picture.shape[1:]
        assert set(np.unique(labels)) <= {*np.unique(before), 255}
        if name in COLOURS:
            np.testing.assert_array_equal(labels, before)
    share = np.mean([(labels == 255).mean() for _, labels in changed])
    assert share > 0 or name not in ('rotate', 'shift_scale_rotate', 'elastic', 'cutout')
    assert share == 0 or name in ('rotate', 'shift_scale_rotate', 'elastic', 'grid_distortion', 'cutout')


@pytest.mark.parametrize('name', ['rotate', 'shift_scale_rotate', 'cutout'])
def test_what_is_filled_does_not_count(synthetic_root, tmp_path, name):
    if name != 'cutout':
        pytest.importorskip('albumentations', minversion='1.4.11')
    for picture, labels in samples_of(TEXT.format(step=f'_base_.{name}, '), synthetic_root, tmp_path):
        filled = labels == 255
        if filled.sum() > 500:  # interpolation mixes the colours at the very edge
            assert (picture[:, filled] == 114).all(axis=0).mean() > 0.8
