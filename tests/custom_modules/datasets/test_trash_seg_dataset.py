import json
import pickle

import numpy as np
import pytest
from mmengine.registry import DefaultScope
from mmseg.registry import DATASETS
from PIL import Image

from custom_modules.datasets.trash_seg_dataset import TrashSegDataset
from custom_modules.engine import ResumableClassAwareSampler, ResumableRepeatFactorSampler, load_config
from custom_modules.engine.seeding import SeededDataset
from custom_modules.transforms import LoadTrashSegmentation
from custom_modules.utils import UserError
from tests.custom_modules.datasets.minicity import STRIPES, stripes


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


def test_label_pictures(indexed_minicity):
    dataset = TrashSegDataset('train.json', data_root=str(indexed_minicity))
    assert dataset.metainfo['classes'][:2] == ('road', 'sidewalk') and len(dataset.metainfo['classes']) == 19
    assert dataset.metainfo['cat_ids'] == tuple(range(19))
    assert dataset.metainfo['palette'][13] == (0, 0, 142)
    assert [dataset.get_cat_ids(index) for index in range(2)] == [[0, 1, 13], [0, 2, 18]]
    info = dataset[0]
    assert info['seg_map_path'].endswith('gtFine/train/aachen_000000_000001_gtFine_labelIds.png')
    assert info['instances'] == [] and info['seg_fields'] == []


def test_label_pictures_of_nothing_that_counts_can_be_left_out(indexed_minicity):
    path = indexed_minicity / 'train.json'
    content = json.loads(path.read_text())
    content['images'][0]['labels'] = []
    path.write_text(json.dumps(content))
    dataset = TrashSegDataset('train.json', data_root=str(indexed_minicity), filter_cfg={'filter_empty_gt': True})
    assert [info['img_id'] for info in dataset] == [2]


def test_from_the_index_to_training_samples(indexed_minicity):
    """The label maps are those drawn by hand; a crop of a picture shows the stripes where they belong."""
    cfg = load_config('configs/trash/minicity_deeplabv3_r50.py')
    steps = [step for step in cfg.train_dataloader.dataset.pipeline if step['type'] != 'PackSegInputs']
    config = {'type': 'TrashSegDataset', 'ann_file': 'train.json', 'data_root': str(indexed_minicity)}
    with DefaultScope.overwrite_default_scope('mmseg'):
        plain = pickle.loads(pickle.dumps(DATASETS.build({**config, 'pipeline': steps[:2]})))
        trained = DATASETS.build({**config, 'pipeline': cfg.train_dataloader.dataset.pipeline})
    for sample, (_, labels) in zip(plain, STRIPES.values(), strict=False):
        np.testing.assert_array_equal(sample['gt_seg_map'], stripes(labels))
    for _ in range(3):
        sample = trained[0]
        labels = sample['data_samples'].gt_sem_seg.data
        assert sample['inputs'].shape == (3, 576, 1152) and labels.shape == (1, 576, 1152)
        assert set(labels.unique().tolist()) <= {0, 1, 13, 255}
        assert (labels == labels[:, :1]).all()  # upright stripes stay upright


def test_unlabelled_pictures_have_nothing_that_counts(indexed_minicity):
    steps = [{'type': 'LoadImageFromFile'}, {'type': 'LoadTrashSegmentation'}]
    config = {'type': 'TrashSegDataset', 'ann_file': 'test.json', 'data_root': str(indexed_minicity)}
    with DefaultScope.overwrite_default_scope('mmseg'):
        dataset = DATASETS.build({**config, 'pipeline': steps, 'test_mode': True})
    assert (dataset[1]['gt_seg_map'] == 255).all()


def test_a_value_that_came_later_is_named(indexed_minicity):
    path = indexed_minicity / 'gtFine/train/aachen_000000_000001_gtFine_labelIds.png'
    Image.new('L', (64, 32), 99).save(path)
    info = TrashSegDataset('train.json', data_root=str(indexed_minicity))[0]
    with pytest.raises(UserError, match=r'000001_gtFine_labelIds\.png: value 99 on 2048 pixels; .*index_labels\.py'):
        LoadTrashSegmentation()(info)
