import pickle

import numpy as np
import pytest
from mmengine.registry import DefaultScope
from mmseg.registry import DATASETS

from custom_modules.datasets.trash_seg_dataset import TrashSegDataset
from custom_modules.engine import ResumableClassAwareSampler, ResumableRepeatFactorSampler
from custom_modules.engine.seeding import SeededDataset
from custom_modules.utils import UserError


@pytest.fixture
def make(write_set, content):
    """A function that builds a data set from the small content."""

    def build(**options):
        options.setdefault('serialize_data', False)
        path = write_set(content)
        return TrashSegDataset('train.json', data_root=str(path.parent), **options)

    return build


def test_classes_are_background_and_the_categories(make):
    metainfo = make().metainfo
    assert metainfo['classes'] == ('Background', 'Paper', 'Glass', 'Metal')
    assert metainfo['cat_ids'] == (0, 1, 2, 3)
    assert metainfo['palette'][0] == (0, 0, 0) and len(set(metainfo['palette'])) == 4


def test_data_infos_hold_what_steps_of_mmseg_expect(make):
    info = make()[0]
    assert (info['img_id'], info['height'], info['width']) == (10, 48, 64)
    assert info['seg_fields'] == [] and info['reduce_zero_label'] is False
    assert [instance['bbox_label'] for instance in info['instances']] == [0, 2, 1]


def test_labels_for_samplers(make):
    dataset = make()
    assert [dataset.get_cat_ids(index) for index in range(3)] == [[1, 3], [], []]


def test_tiny_objects_stay(make, content):
    """They cost a segmenter nothing, and are scored."""
    content['annotations'][0]['bbox'] = [4, 6, 20, 0.9]
    assert len(make()[0]['instances']) == 3


def test_a_category_called_background_is_refused(make, content):
    content['categories'][1]['name'] = 'Background'
    with pytest.raises(UserError, match='what no mask covers is Background already'):
        make()


def test_is_built_from_a_config_and_survives_pickling(make, tmp_path):
    make()
    config = {'type': 'TrashSegDataset', 'ann_file': 'train.json', 'data_root': str(tmp_path)}
    config['pipeline'] = [{'type': 'LoadImageFromFile'}, {'type': 'LoadTrashSegmentation'}]
    with DefaultScope.overwrite_default_scope('mmseg'):
        dataset = pickle.loads(pickle.dumps(DATASETS.build(config)))
    sample = dataset[0]
    assert sample['img'].shape == (48, 64, 3) and sample['gt_seg_map'].shape == (48, 64)
    assert np.unique(sample['gt_seg_map']).tolist() == [0, 1, 3, 255]


def test_rare_classes_can_be_drawn_more_often(synthetic_root):
    """The detectors' samplers find the classes of a segmentation set, Background not among them."""
    dataset = TrashSegDataset('train.json', data_root=str(synthetic_root))
    sampler = ResumableClassAwareSampler(SeededDataset(dataset, seed=0), seed=0)
    assert sorted(sampler.pictures_of) == list(range(1, 11))
    repeated = ResumableRepeatFactorSampler(SeededDataset(dataset, seed=0), threshold=1.0, seed=0)
    assert len(repeated) > len(dataset)
