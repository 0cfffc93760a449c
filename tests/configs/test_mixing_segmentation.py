"""Every augmentation of _base_/mixing_segmentation.py works over the demo's data set."""

from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config

from custom_modules.utils import UserError
from tests.configs.test_augmentation_segmentation import samples_of

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
TEXT = f"""
_base_ = ['{CONFIGS}/demo/deeplabv3plus_r18.py', '{CONFIGS}/_base_/mixing_segmentation.py']
train_dataloader = dict(dataset=dict(_base_.mixed, _delete_=True, pipeline=[{{step}}_base_.pack]))
"""
NAMES = ('cutmix', 'copy_paste', 'copy_blob')  # of copy_blob_streets no class is there


@pytest.fixture(scope='module')
def plain(synthetic_root, tmp_path_factory):
    """The samples without any of the blocks."""
    return samples_of(TEXT.format(step=''), synthetic_root, tmp_path_factory.mktemp('plain'))


@pytest.mark.parametrize('name', NAMES)
def test_a_step_changes_pictures_and_their_label_maps_at_the_same_places(plain, synthetic_root, tmp_path, name):
    mixed = samples_of(TEXT.format(step=f'dict(_base_.{name}, prob=1.0), '), synthetic_root, tmp_path)
    shares, gained = [], set()
    for (picture, labels), (other, changed) in zip(plain, mixed, strict=True):
        assert other.shape == picture.shape and changed.shape == labels.shape
        is_new = (other != picture).any(axis=0)
        np.testing.assert_array_equal(changed[~is_new], labels[~is_new])
        shares.append(is_new.mean())
        gained |= set(np.unique(changed[changed != labels]).tolist())
        if name == 'copy_blob':
            assert set(np.unique(labels[changed != labels])) <= {0}  # Background alone is covered
    assert sum(share > 0 for share in shares) >= 8 and max(shares) > 0.02
    assert gained <= set(range(11)) and (name != 'copy_blob' or len(gained) <= 2)


def test_street_scenes_need_their_classes(synthetic_root, tmp_path):
    with pytest.raises(UserError, match='CopyBlob: paste names bus, fence, road, sidewalk, train, wall; the classes'):
        samples_of(TEXT.format(step='_base_.copy_blob_streets, '), synthetic_root, tmp_path)


def test_the_block_offers_what_is_tested_here():
    block = Config.fromfile(CONFIGS / '_base_' / 'mixing_segmentation.py')
    assert set(block) == {*NAMES, 'copy_blob_streets', 'refresh_copy_paste'}
