import os
import pickle

import numpy as np
import pytest
from mmdet.registry import DATASETS
from mmengine.dataset import ClassBalancedDataset
from mmengine.registry import DefaultScope

from custom_modules.datasets.trash_det_dataset import TrashDetDataset
from custom_modules.utils import UserError


class Position(int):
    """A subclass of int, as a sampler may send it."""


@pytest.fixture
def make(write_set, content):
    """A function that builds a data set from the small content."""

    def build(**options):
        options.setdefault('serialize_data', False)  # saves a garbage collection of everything torch has loaded
        path = write_set(content)
        return TrashDetDataset('train.json', data_root=str(path.parent), **options)

    return build


@pytest.mark.fast
def test_instances_keep_polygon_rle_and_no_mask(make, tmp_path):
    dataset = make()
    info = dataset[0]
    assert info['img_path'] == str(tmp_path / 'images' / '10.jpg')
    assert (info['img_id'], info['file_name'], info['height'], info['width']) == (10, 'images/10.jpg', 48, 64)
    polygon, rle, none = info['instances']
    assert polygon['bbox'] == [4, 6, 24, 16] and polygon['bbox_label'] == 0 and polygon['ann_id'] == 1
    np.testing.assert_array_equal(polygon['mask'][0], [4, 6, 24, 6, 24, 16, 4, 16])
    assert rle['mask']['size'] == [48, 64] and rle['bbox_label'] == 2
    assert none['mask'] is None and none['bbox'] == [30, 20.5, 42, 29.5]
    assert [instance['ignore_flag'] for instance in info['instances']] == [0, 0, 0]


@pytest.mark.fast
def test_crowds_and_ignore_regions_are_ignored_and_scores_kept(make, content):
    content['annotations'][0] |= {'ignore': 1, 'score': 0.25}
    dataset = make()
    assert [instance['ignore_flag'] for instance in dataset[0]['instances']] == [1, 0, 0]
    assert dataset[0]['instances'][0]['score'] == 0.25
    assert 'score' not in dataset[0]['instances'][1]
    assert dataset[1]['instances'][0]['ignore_flag'] == 1


@pytest.mark.fast
def test_class_names_come_from_the_file(make):
    metainfo = make().metainfo
    assert metainfo['classes'] == ('Paper', 'Glass', 'Metal')
    assert metainfo['cat_ids'] == (1, 3, 7)
    assert len(set(metainfo['palette'])) == 3
    assert make(metainfo={'classes': ['Paper', 'Glass', 'Metal'], 'task': 'x'}).metainfo['task'] == 'x'
    with pytest.raises(UserError, match=r"metainfo names the classes \('Papper', 'Glass', 'Metal'\)"):
        make(metainfo={'classes': ('Papper', 'Glass', 'Metal')})


def test_is_built_from_a_config(make, tmp_path):
    make()
    with DefaultScope.overwrite_default_scope('mmdet'):
        dataset = DATASETS.build({'type': 'TrashDetDataset', 'ann_file': 'train.json', 'data_root': str(tmp_path)})
    assert len(dataset) == 3


@pytest.mark.parametrize(
    ('filter_cfg', 'kept', 'left_out'),
    [
        pytest.param(None, [10, 11, 12], {}, id='keeps pictures without objects'),
        pytest.param({'filter_empty_gt': True}, [10], {'pictures without objects': 2}, id='a crowd alone is no object'),
        pytest.param({'min_size': 48}, [10, 11, 12], {}, id='size equal to the limit'),
    ],
)
def test_filter(make, filter_cfg, kept, left_out):
    dataset = make(filter_cfg=filter_cfg)
    assert [dataset[i]['img_id'] for i in range(len(dataset))] == kept
    assert dataset.left_out == left_out


def test_filter_that_leaves_nothing_or_is_misspelt(make):
    with pytest.raises(UserError, match='no picture is left to train on'):
        make(filter_cfg={'min_size': 49})
    assert len(make(filter_cfg={'min_size': 49}, test_mode=True)) == 3
    with pytest.raises(UserError, match='min_siz is unknown'):
        make(filter_cfg={'min_siz': 1})


def test_boxes_below_a_pixel_are_left_out_of_training_only(make, content):
    content['annotations'][0]['bbox'] = [4, 6, 20, 0.9]
    training = make()
    assert [instance['ann_id'] for instance in training[0]['instances']] == [2, 3]
    assert training.left_out == {'boxes with a side below 1 px': 1}
    assert [record['id'] for record in training.coco.annotations] == [1, 2, 3, 4]
    assert [instance['ann_id'] for instance in make(test_mode=True)[0]['instances']] == [1, 2, 3]


@pytest.mark.parametrize('index', [1, Position(1), np.int64(1), -2], ids=['int', 'subclass', 'numpy', 'from the end'])
@pytest.mark.parametrize('serialize', [True, False])
def test_any_integer_is_an_index(make, index, serialize):
    info = make(serialize_data=serialize)[index]
    assert info['img_id'] == 11
    assert type(info['sample_idx']) is int and info['sample_idx'] == 1


def test_file_without_annotations(make, content):
    del content['annotations']
    dataset = make(test_mode=True)
    assert len(dataset) == 3
    assert dataset[0]['instances'] == []
    assert not dataset.coco.has_annotations


def test_spawned_workers_get_no_second_copy_of_the_annotations(make):
    dataset = make()
    restored = pickle.loads(pickle.dumps(dataset))
    assert restored.coco.annotations == [] and restored.coco.classes == dataset.coco.classes
    assert len(restored[0]['instances']) == 3
    assert len(dataset.coco.annotations) == 4


def test_works_with_subsets_and_repeats(make):
    dataset = make()
    assert dataset.get_cat_ids(0) == [0, 2, 1]
    subset = dataset.get_subset([2, 0])
    assert [subset[i]['img_id'] for i in range(2)] == [12, 10]
    assert subset.coco is dataset.coco
    assert len(ClassBalancedDataset(dataset, oversample_thr=1e-3)) == 3


def test_picture_folder_below_the_data_root(make, content, tmp_path):
    for image in content['images']:
        image['file_name'] = image['file_name'].removeprefix('images/')
    dataset = make(data_prefix={'img': 'images'}, check_images=True)
    assert dataset[0]['img_path'] == str(tmp_path / 'images' / '10.jpg')


def test_json_without_a_data_root(make, tmp_path):
    make()
    os.chdir(tmp_path)
    dataset = TrashDetDataset('train.json', check_images=True)
    assert dataset[0]['img_path'] == 'images/10.jpg'


def test_errors_of_the_file_stop(make, content):
    content['annotations'][0]['bbox'][2] = -1
    with pytest.raises(UserError, match='negative width or height: 1'):
        make()
