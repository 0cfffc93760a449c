"""Class weights of copy-paste that follow the validation."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from custom_modules.engine.hooks import RefreshCopyPasteHook
from custom_modules.transforms import TrashCopyPaste, TrashSegCopyPaste
from custom_modules.utils import UserError
from tools.train import main

ROOT = Path(__file__).resolve().parents[4]


def runner_of(folder, *, transforms=(), epoch=0, ap50=(0.5,)) -> SimpleNamespace:
    """The parts of a runner that the hook looks at."""
    inner = SimpleNamespace(metainfo={'classes': ('a', 'b', 'c')}, pipeline=list(transforms))
    metric = SimpleNamespace(last_result=SimpleNamespace(ap50=np.array(ap50), classes=('a', 'b', 'c')))
    return SimpleNamespace(
        work_dir=str(folder),
        epoch=epoch,
        iter=4 * epoch,
        train_dataloader=SimpleNamespace(dataset=SimpleNamespace(dataset=inner, metainfo=inner.metainfo)),
        val_loop=SimpleNamespace(evaluator=SimpleNamespace(metrics=[object(), metric])),
    )


@pytest.mark.fast
def test_weak_classes_get_more(tmp_path):
    paste, hook = TrashCopyPaste(), RefreshCopyPasteHook(floor=0.25)
    hook.before_train(runner_of(tmp_path, transforms=[object(), paste]))
    assert paste.factors.tolist() == [1, 1, 1] and paste.factors.is_shared()
    hook.after_val_epoch(runner_of(tmp_path, epoch=1, ap50=(0.75, np.nan, 0.25)))
    assert paste.factors.tolist() == [0.5, 0.75, 1.0]  # a class that validation lacks gets the mean of the others
    assert json.loads((tmp_path / 'copy_paste.json').read_text()) == {'1': [0.5, 0.75, 1.0]}


@pytest.mark.fast
@pytest.mark.parametrize(
    ('epoch', 'factors'), [(0, [1, 1, 1]), (1, [1, 1, 1]), (2, [3, 2, 1]), (3, [3, 2, 1]), (9, [1, 2, 3])], ids=str
)
def test_resuming_goes_on_with_the_factors_of_the_epoch(tmp_path, epoch, factors):
    """After epochs 2 and 4 of an earlier start was validated; a checkpoint of any epoch may be resumed."""
    (tmp_path / 'copy_paste.json').write_text(json.dumps({'2': [3, 2, 1], '4': [1, 2, 3]}))
    paste = TrashCopyPaste()
    RefreshCopyPasteHook().before_train(runner_of(tmp_path, transforms=[paste], epoch=epoch))
    assert paste.factors.tolist() == factors


@pytest.mark.fast
def test_a_checkpoint_takes_its_factors_to_another_folder(tmp_path):
    hook, checkpoint = RefreshCopyPasteHook(floor=0.25), {}
    hook.before_train(runner_of(tmp_path, transforms=[TrashCopyPaste()]))
    hook.after_val_epoch(runner_of(tmp_path, epoch=1, ap50=(0.75, 0.5, 0.25)))
    hook.before_save_checkpoint(runner_of(tmp_path, epoch=2), checkpoint)
    paste, resumed = TrashCopyPaste(), RefreshCopyPasteHook(floor=0.25)
    there = runner_of(tmp_path / 'elsewhere', transforms=[paste], epoch=2)
    resumed.after_load_checkpoint(there, checkpoint)
    resumed.before_train(there)
    assert paste.factors.tolist() == [0.5, 0.75, 1.0]


@pytest.mark.fast
def test_nothing_to_refresh(tmp_path):
    with pytest.raises(UserError, match='has no TrashCopyPaste'):
        RefreshCopyPasteHook().before_train(runner_of(tmp_path))
    with pytest.raises(ValueError, match='floor is 0'):
        RefreshCopyPasteHook(floor=0)
    RefreshCopyPasteHook().after_val_epoch(runner_of(tmp_path))  # testing: no training went before


class Labelled:
    """Three pictures with a and one with b; nothing has a c."""

    metainfo = {'classes': ('Background', 'a', 'b', 'c')}

    def __len__(self) -> int:
        return 4

    def get_cat_ids(self, index: int) -> list[int]:
        return [1, 2] if index == 3 else [1]


def segmenter_of(folder, *, ious=(0.5, 0.5, 0.5, 0.5), paste=None) -> SimpleNamespace:
    """The same parts of a segmenter's runner."""
    runner = runner_of(folder, epoch=1)
    inner = Labelled()
    wrapper = SimpleNamespace(metainfo=inner.metainfo, pipeline=[paste], dataset=inner)
    runner.train_dataloader = SimpleNamespace(dataset=wrapper)
    metric = SimpleNamespace(
        last_result=SimpleNamespace(per_class_iou=np.array(ious), classes=Labelled.metainfo['classes'])
    )
    runner.val_loop = SimpleNamespace(evaluator=SimpleNamespace(metrics=[metric]))
    return runner


@pytest.mark.fast
@pytest.mark.parametrize(
    ('num_worst', 'ious', 'factors'),
    [
        (None, (1.0, 0.25, 0.75, 0.5), [0.75, 1.0, 0.5, 0.75]),
        (None, (1.0, np.nan, 0.5, 0.75), [0.625, 0.625, 0.75, 0.5]),  # the mean of the others but Background
        (1, (0.0, 0.75, 0.25, 0.0), [0, 0, 1.0, 0]),  # neither Background nor c can be pasted
        (1, (1.0, 0.5, 0.5, 0.5), [0, 0.75, 0, 0]),  # the first of equal ones
        (2, (1.0, 0.5, 0.25, 0.0), [0, 0.75, 1.0, 0]),
        (1, (np.nan, np.nan, np.nan, np.nan), [0, 1.25, 0, 0]),
    ],
    ids=['all', 'absent', 'worst', 'equal', 'worst two', 'nothing known'],
)
def test_segmenters_are_refreshed_by_iou(tmp_path, num_worst, ious, factors):
    paste, hook = TrashSegCopyPaste(), RefreshCopyPasteHook(floor=0.25, num_worst=num_worst)
    runner = segmenter_of(tmp_path, ious=ious, paste=paste)
    hook.before_train(runner)
    hook.after_val_epoch(runner)
    assert paste.factors.tolist() == factors
    assert json.loads((tmp_path / 'copy_paste.json').read_text()) == {'1': factors}
    if factors[1] == 0:
        assert {tuple(paste.get_indices(Labelled())) for _ in range(40)} <= {(), (3,), (3, 3), (3, 3, 3)}


@pytest.mark.fast
def test_mistakes_with_segmenters(tmp_path):
    with pytest.raises(ValueError, match='num_worst is 0; give a number from 1 on'):
        RefreshCopyPasteHook(num_worst=0)
    hook, runner = RefreshCopyPasteHook(), segmenter_of(tmp_path, paste=TrashSegCopyPaste())
    hook.before_train(runner)
    runner.val_loop.evaluator.metrics = [SimpleNamespace(last_result=None)]
    with pytest.raises(UserError, match=r'no metric of val_evaluator gives scores of classes \(ap50, per_class_iou\)'):
        hook.after_val_epoch(runner)


CONFIG = """
_base_ = ['{root}/configs/demo/cascade_mask_rcnn_swin.py', '{root}/configs/_base_/augmentation.py']
train_dataloader = dict(
    num_workers=2,
    persistent_workers=True,
    dataset=dict(
        _delete_=True,
        type='MultiImageMixDataset',
        dataset=dict(_base_.train_dataloader.dataset, ann_file='val.json', pipeline=_base_.load),
        pipeline=[dict(_base_.copy_paste, prob=1.0), *_base_.augment, _base_.pack],
    )
)
total_batch_size = 2
train_cfg = dict(val_interval=1)
default_hooks = dict(copy_paste=_base_.refresh_copy_paste)
"""


SEGMENTER = """
_base_ = ['{root}/configs/demo/deeplabv3plus_r18.py', '{root}/configs/_base_/mixing_segmentation.py']
train_dataloader = dict(
    num_workers=2,
    persistent_workers=True,
    dataset=dict(
        _delete_=True,
        type='MultiImageMixDataset',
        dataset=dict(_base_.train_dataloader.dataset, ann_file='val.json', pipeline=_base_.load),
        pipeline=[dict(_base_.copy_paste, prob=1.0), *_base_.augment, _base_.pack],
    )
)
total_batch_size = 2
train_cfg = dict(val_interval=1)
default_hooks = dict(copy_paste=dict(_base_.refresh_copy_paste, num_worst=3))
"""


@pytest.mark.slow
@pytest.mark.parametrize(('text', 'num_classes'), [(CONFIG, 10), (SEGMENTER, 11)], ids=['detector', 'segmenter'])
def test_a_resumed_training_equals_one_never_stopped(synthetic_root, tmp_path, text, num_classes):
    """Three epochs at once, or two and one more, with workers that live on: the same weights to the last bit."""
    config = tmp_path / 'refreshed.py'
    config.write_text(text.format(root=ROOT))

    def train(folder: str, epochs: int, *options: str) -> dict:
        schedule = [f'train_cfg.max_epochs={epochs}', 'param_scheduler.1.T_max=16', 'param_scheduler.1.end=16']
        options = [*options, '--data-root', str(synthetic_root), '--work-dir', str(tmp_path / folder)]
        assert main([str(config), '--load-from', 'none', *options, '--cfg-options', *schedule]) == 0
        return torch.load(tmp_path / folder / 'last.pth', weights_only=True)['state_dict']

    train('stopped', 2)
    factors = json.loads((tmp_path / 'stopped' / 'copy_paste.json').read_text())
    assert list(factors) == ['1', '2'] and len(factors['1']) == num_classes
    shutil.copytree(tmp_path / 'stopped', tmp_path / 'resumed')  # this process holds the lock of the first
    resumed, whole = train('resumed', 3, '--resume'), train('whole', 3)
    assert all(torch.equal(value, resumed[name]) for name, value in whole.items())
    kept = [json.loads((tmp_path / folder / 'copy_paste.json').read_text()) for folder in ('resumed', 'whole')]
    assert kept[0] == kept[1]
