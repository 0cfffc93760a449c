"""The sheet shows what training sees."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope

from custom_modules.engine import TrashRunner, load_config
from custom_modules.engine.data import use_data
from custom_modules.utils import UserError
from tools.show_augmentation import main, training_samples

DEMO = 'configs/demo/htc_swin.py'


def test_the_pictures_are_those_of_training(synthetic_root):
    cfg = load_config(DEMO)
    use_data(cfg, str(synthetic_root))
    samples, metainfo = training_samples(cfg, seed=4, epoch=2, num=5)
    with DefaultScope.overwrite_default_scope('mmdet'):
        loader = TrashRunner.build_dataloader({**cfg.train_dataloader, 'batch_size': 5}, seed=4)
    loader.sampler.set_epoch(2)
    batch = next(iter(loader))
    assert len(samples) == 5 and len(metainfo['classes']) == 10
    for sample, image, truth in zip(samples, batch['inputs'], batch['data_samples'], strict=True):
        assert torch.equal(sample['inputs'], image)
        assert torch.equal(sample['data_samples'].gt_instances.bboxes.tensor, truth.gt_instances.bboxes.tensor)


MIXED = """
_base_ = ['{root}/configs/demo/htc_swin.py', '{root}/configs/_base_/augmentation.py']
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='MultiImageMixDataset',
        dataset=dict(_base_.train_dataloader.dataset, pipeline=_base_.load),
        pipeline=[dict(_base_.mosaic, img_scale=(100, 100), prob=1.0), _base_.pack],
    )
)
custom_hooks = [dict(type='StopMixingHook', num_last_epochs=1, transforms=['TrashMosaic'])]
"""


@pytest.mark.parametrize(('epoch', 'side'), [(2, 200), (3, 128)], ids=['mixed', 'last-of-four'])
def test_epochs_that_are_trained_without_mixing_are_shown_so(synthetic_root, tmp_path, epoch, side):
    (tmp_path / 'mixed.py').write_text(MIXED.format(root=Path(__file__).resolve().parents[2]))
    cfg = load_config(tmp_path / 'mixed.py')
    use_data(cfg, str(synthetic_root))
    (sample,), _ = training_samples(cfg, seed=0, epoch=epoch, num=1)
    assert sample['inputs'].shape == (3, side, side)


def test_sheet(synthetic_root, tmp_path, capsys):
    out = tmp_path / 'deep' / 'sheet.jpg'
    assert main([DEMO, '--data-root', str(synthetic_root), '--out', str(out), '--num', '3', '--columns', '2']) == 0
    sheet = cv2.imread(str(out))
    assert sheet.shape[1] == 2 * (440 + 12) + 12 and sheet.shape[0] > 2 * 440
    assert len(np.unique(sheet.reshape(-1, 3), axis=0)) > 1000
    assert 'sheet.' in capsys.readouterr().out


def test_sheet_of_label_maps(synthetic_root, tmp_path):
    """Classes are laid over the pictures, with as many colours in the legend as there are classes on them."""
    out = tmp_path / 'sheet.png'
    config = 'configs/demo/deeplabv3plus_r18.py'
    assert main([config, '--data-root', str(synthetic_root), '--out', str(out), '--num', '3', '--columns', '2']) == 0
    sheet = cv2.imread(str(out))
    assert sheet.shape[1] == 2 * (440 + 12) + 12 and sheet.shape[0] > 2 * 440
    cfg = load_config(config)
    use_data(cfg, str(synthetic_root))
    samples, metainfo = training_samples(cfg, seed=0, epoch=0, num=3)
    assert metainfo['classes'][0] == 'Background'
    present = {label for sample in samples for label in np.unique(sample['data_samples'].gt_sem_seg.data) if label}
    colours = {tuple(colour) for colour in np.unique(sheet.reshape(-1, 3), axis=0).tolist()}
    assert present and all(metainfo['palette'][label][::-1] in colours for label in present)


@pytest.mark.fast
@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--num', '0'], '--num 0: give a number from 1 on'),
        (['--epoch', '0'], '--epoch 0: give a number from 1 on'),
        (['--out', 'sheet.gif'], r'--out sheet.gif: name a .jpg or .png file'),
    ],
    ids=['num', 'epoch', 'suffix'],
)
def test_wrong_options(options, message):
    with pytest.raises(UserError, match=message):
        main([DEMO, *options])
