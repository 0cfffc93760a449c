"""The last epochs see pictures as they are, also with workers that live on."""

from types import SimpleNamespace

import pytest
from mmdet.registry import DATASETS
from mmengine.logging import MMLogger
from mmengine.registry import HOOKS, DefaultScope
from mmseg.registry import DATASETS as MMSEG_DATASETS
from torch.utils.data import DataLoader

from custom_modules.engine.seeding import SeededDataset
from custom_modules.utils import UserError

STEPS = [{'type': 'TrashMosaic', 'img_scale': (100, 100)}, {'type': 'PackDetInputs'}]


@pytest.fixture
def run(synthetic_root):
    """Give a function that makes a training of four epochs, with a hook, and returns a function that trains one."""

    def make(num_workers: int, *, first_epoch: int = 0, skip: str = 'TrashMosaic'):
        inner = {'type': 'TrashDetDataset', 'data_root': str(synthetic_root), 'ann_file': 'val.json'}
        inner['pipeline'] = [{'type': 'LoadImageFromFile'}, {'type': 'LoadTrashAnnotations', 'with_mask': False}]
        with DefaultScope.overwrite_default_scope('mmdet'):
            data = DATASETS.build({'type': 'MultiImageMixDataset', 'dataset': inner, 'pipeline': STEPS})
        options = {'num_workers': num_workers, 'persistent_workers': num_workers > 0}
        loader = DataLoader(SeededDataset(data, seed=0), batch_size=4, collate_fn=list, **options)
        model = SimpleNamespace(bbox_head=SimpleNamespace(use_l1=False))
        runner = SimpleNamespace(train_dataloader=loader, plain_model=model, epoch=first_epoch, max_epochs=4)
        runner.logger = MMLogger.get_current_instance()
        hook = HOOKS.build({'type': 'StopMixingHook', 'num_last_epochs': 2, 'transforms': [skip]})
        hook.before_train(runner)

        def epoch() -> tuple[set, bool]:
            hook.before_train_epoch(runner)
            runner.epoch += 1
            shapes = {tuple(sample['inputs'].shape[1:]) for batch in loader for sample in batch}
            return shapes, model.bbox_head.use_l1

        return epoch

    return make


MIXED, PLAIN = ({(200, 200)}, False), ({(128, 128)}, True)


@pytest.mark.parametrize('num_workers', [0, 1], ids=['no-worker', 'lasting-worker'])
def test_the_last_two_of_four_epochs_are_plain(run, num_workers):
    epoch = run(num_workers)
    assert [epoch() for _ in range(4)] == [MIXED, MIXED, PLAIN, PLAIN]


@pytest.mark.parametrize(('first', 'expected'), [(1, MIXED), (2, PLAIN), (3, PLAIN)])
def test_a_restart_switches_at_the_same_epoch(run, first, expected):
    assert run(0, first_epoch=first)() == expected


def test_segmenters_stop_mixing(synthetic_root):
    """The wrapper of mmseg skips steps, too: afterwards the pictures are as they were loaded."""
    load = [{'type': 'LoadImageFromFile'}, {'type': 'LoadTrashSegmentation'}]
    inner = {'type': 'TrashSegDataset', 'data_root': str(synthetic_root), 'ann_file': 'val.json', 'pipeline': load}
    with DefaultScope.overwrite_default_scope('mmseg'):
        data = MMSEG_DATASETS.build(
            {'type': 'MultiImageMixDataset', 'dataset': inner, 'pipeline': [{'type': 'TrashSegCopyPaste', 'prob': 1.0}]}
        )
    loader = DataLoader(SeededDataset(data, seed=0), batch_size=4, collate_fn=list)
    runner = SimpleNamespace(train_dataloader=loader, plain_model=SimpleNamespace(), epoch=0, max_epochs=2)
    runner.logger = MMLogger.get_current_instance()
    hook = HOOKS.build({'type': 'StopMixingHook', 'num_last_epochs': 1, 'transforms': ['TrashSegCopyPaste']})
    hook.before_train(runner)
    plain = [data.dataset[index]['img'] for index in range(len(data))]
    changed = []
    for runner.epoch in range(2):
        hook.before_train_epoch(runner)
        pictures = [sample['img'] for batch in loader for sample in batch]
        changed.append([(one != other).any() for one, other in zip(pictures, plain, strict=True)])
    assert any(changed[0]) and not any(changed[1])


def test_a_name_the_pipeline_has_not_is_refused(run):
    with pytest.raises(UserError, match='leaves out Mosaic, which .* has TrashMosaic, PackDetInputs'):
        run(0, skip='Mosaic')
