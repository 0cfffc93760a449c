"""A config is fitted to a data set through whatever wraps it; one that cannot be is told so in one line."""

import json
import shutil
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.registry import DATASETS, DefaultScope

from custom_modules.engine.data import reading_parts, use_data
from custom_modules.utils import UserError

pytestmark = pytest.mark.fast


def config(**changes) -> Config:
    dataset = {'type': 'TrashDetDataset', 'ann_file': 'train.json', 'pipeline': []}
    loaders = {f'{split}_dataloader': {'dataset': dict(dataset)} for split in ('train', 'val', 'test')}
    return Config({**loaders, 'val_evaluator': {'type': 'TrashCocoMetric'}, **changes})


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        pytest.param({}, 'names no data_root; give --data-root', id='no-root'),
        pytest.param({'train_dataloader': {'dataset': {'type': 'RepeatDataset'}}}, 'is a RepeatDataset', id='wrapper'),
        pytest.param({'val_dataloader': None}, 'val_dataloader.dataset is missing.*detection.py', id='no-loader'),
        pytest.param({'val_evaluator': None}, 'val_evaluator is missing.*detection.py', id='no-evaluator'),
    ],
)
def test_configs_without_a_place_for_the_data(changes, message):
    with pytest.raises(UserError, match=message):
        use_data(config(**changes))


MASKS = [{'type': 'LoadTrashAnnotations', 'with_mask': True}]


def part(ann_file: str = 'train.json', **options) -> dict:
    return {'type': 'TrashDetDataset', 'ann_file': ann_file, 'pipeline': MASKS, **options}


def training_on(dataset: dict, **changes) -> Config:
    return config(train_dataloader={'dataset': dataset}, model={'type': 'RetinaNet'}, data_root='data/own', **changes)


@pytest.mark.parametrize(
    'wrap',
    [
        lambda inner: {'type': 'MultiImageMixDataset', 'dataset': inner, 'pipeline': []},
        lambda inner: {'type': 'RepeatDataset', 'times': 2, 'dataset': inner},
        lambda inner: {'type': 'ClassBalancedDataset', 'oversample_thr': 0.1, 'dataset': inner},
        lambda inner: {'type': 'ConcatDataset', 'datasets': [inner]},
        lambda inner: {
            'type': 'MultiImageMixDataset',
            'pipeline': [],
            'dataset': {'type': 'ConcatDataset', 'datasets': [inner]},
        },
    ],
    ids=['mix', 'repeat', 'balance', 'concat', 'mix of concat'],
)
def test_wrappers_are_looked_through(synthetic_root, wrap):
    cfg = training_on(wrap(part(data_root='data/own')))
    use_data(cfg, str(synthetic_root), 'val.json')
    (inner,) = reading_parts(cfg.train_dataloader.dataset)
    assert (inner.data_root, inner.ann_file) == (str(synthetic_root), str(synthetic_root / 'val.json'))
    assert 'ann_file' not in cfg.train_dataloader.dataset


def test_several_training_files(synthetic_root, tmp_path):
    """One of the data root, one of a folder of its own, which it keeps; masks in one of them are enough."""
    other = tmp_path / 'other'
    shutil.copytree(synthetic_root, other)
    boxes_only(other / 'train.json')
    parts = [part(data_root='data/own'), part(data_root=str(other)), part('val.json')]
    cfg = training_on({'type': 'ConcatDataset', 'datasets': parts})
    lines = use_data(cfg, str(synthetic_root))
    files = [Path(one.ann_file) for one in cfg.train_dataloader.dataset.datasets]
    assert files == [synthetic_root / 'train.json', other / 'train.json', synthetic_root / 'val.json']
    assert [line.split(' of ')[0] for line in lines if line.startswith('data:')] == [
        'data: 36 training and 16 validation pictures'  # config() validates on train.json
    ]
    assert parts[0]['pipeline'][0]['with_mask'] is True
    with DefaultScope.overwrite_default_scope('mmdet'):
        dataset = DATASETS.build(cfg.train_dataloader.dataset)
    assert len(dataset) == 36 and len(dataset.metainfo['classes']) == 10
    with pytest.raises(UserError, match=r'--train-ann x.json: .* trains on several files'):
        use_data(training_on({'type': 'ConcatDataset', 'datasets': parts}), str(synthetic_root), 'x.json')
    with pytest.raises(UserError, match='no part of train_dataloader.dataset lies in the data root'):
        use_data(training_on(part(data_root=str(other))), str(synthetic_root))


def test_pseudo_labels_are_counted(synthetic_root, tmp_path):
    root = tmp_path / 'data'
    shutil.copytree(synthetic_root, root)
    content = json.loads((root / 'train.json').read_text())
    number = sum(not one.get('iscrowd') for one in content['annotations'])
    place = {key: content['annotations'][0][key] for key in ('image_id', 'category_id')} | {'area': 100, 'iscrowd': 0}
    label = {**place, 'bbox': [1, 1, 10, 10], 'source': {'pseudo': 1, 'image_id': 4}, 'score': 0.8}
    pasted = {**place, 'bbox': [99, 99, 10, 10], 'source': {'image_id': 4, 'annotation_id': 9}}
    made = [label, {**label, 'iscrowd': 1}, {**label, 'iscrowd': 1}, pasted]
    content['annotations'] += [{**one, 'id': 90_000 + place} for place, one in enumerate(made)]
    (root / 'train_pseudo.json').write_text(json.dumps(content))

    def said(ann):
        return [line for line in use_data(training_on(part()), str(root), ann) if line.startswith('pseudo labels')]

    assert said('train.json') == []
    total, regions = (
        f'1 of {number + 2} objects, on 1 of {len(content["images"])} pictures',
        '; beside them 2 ignore regions',
    )
    assert said('train_pseudo.json') == [f'pseudo labels: {total}{regions}']


def test_other_classes_in_one_of_several_files(synthetic_root, tmp_path):
    shutil.copytree(synthetic_root, tmp_path / 'other')
    path = tmp_path / 'other' / 'train.json'
    content = json.loads(path.read_text())
    content['categories'][0]['name'] = 'Gold'
    path.write_text(json.dumps(content))
    parts = [part(), part(data_root=str(tmp_path / 'other'))]
    with pytest.raises(UserError, match='categories unlike.*Gold'):
        use_data(training_on({'type': 'ConcatDataset', 'datasets': parts}), str(synthetic_root))


def boxes_only(path: Path) -> None:
    content = json.loads(path.read_text())
    for record in content['annotations']:
        del record['segmentation']
    path.write_text(json.dumps(content))


def test_copy_paste_on_boxes_is_an_error_before_training(synthetic_root, tmp_path):
    root = tmp_path / 'boxes'
    shutil.copytree(synthetic_root, root)
    boxes_only(root / 'train.json')
    wrapper = {'type': 'MultiImageMixDataset', 'dataset': part(), 'pipeline': [{'type': 'TrashCopyPaste'}]}
    with pytest.raises(UserError, match='TrashCopyPaste needs masks, but the data set has boxes only'):
        use_data(training_on(wrapper), str(root))
    use_data(training_on(wrapper), str(synthetic_root))


@pytest.mark.parametrize('regions', [0, 2])
def test_ignore_regions_without_effect_are_told_once(synthetic_root, tmp_path, regions):
    root = tmp_path / 'regions'
    shutil.copytree(synthetic_root, root)
    content = json.loads((root / 'train.json').read_text())
    for record in content['annotations'][:regions]:
        record['iscrowd'] = 1
    (root / 'train.json').write_text(json.dumps(content))
    for assigner, is_told in (('TaskAlignedAssigner', regions > 0), ('TrashATSSAssigner', False)):
        cfg = training_on(part())
        cfg.model.update(train_cfg={'assigner': {'type': assigner}})
        warnings = [line for line in use_data(cfg, str(root)) if line.startswith('warning:')]
        expected = f'warning: the training data has {regions} ignore regions (iscrowd), which have no effect'
        assert [line.partition(',')[0] for line in warnings] == [expected.partition(',')[0]] * is_told
        assert all(line.endswith('background to model.train_cfg.assigner (TaskAlignedAssigner)') for line in warnings)


SEGMENTERS = {'default_scope': 'mmseg', 'val_evaluator': {'type': 'TrashIoUMetric'}}


def test_label_pictures_are_for_segmenters(indexed_minicity):
    with pytest.raises(UserError, match='has label pictures and no objects, a detector .*/minicity_deeplabv3'):
        use_data(training_on(part()), str(indexed_minicity))
    dataset = {'type': 'TrashSegDataset', 'ann_file': 'train.json', 'pipeline': [{'type': 'LoadTrashSegmentation'}]}
    loaders = {f'{split}_dataloader': {'dataset': dict(dataset)} for split in ('train', 'val', 'test')}
    model = {'type': 'EncoderDecoder', 'decode_head': {'type': 'FCNHead', 'num_classes': 11}}
    cfg = Config({**loaders, **SEGMENTERS, 'model': model})
    assert 'classes: 19, from the data set' in use_data(cfg, str(indexed_minicity), val_ann='val.json')
    assert cfg.model.decode_head.num_classes == 19
