"""Mixed pictures depend on (seed, epoch, index, repeat) alone, and survive a training."""

from pathlib import Path

import pytest

from custom_modules.engine import TrashRunner, load_config
from custom_modules.engine.data import use_data
from custom_modules.engine.tasks import in_scope_of

ROOT = Path(__file__).resolve().parents[3]

CONFIG = """
_base_ = ['{root}/configs/demo/htc_swin.py', '{root}/configs/_base_/augmentation.py']
train_dataloader = dict(
    batch_size=2,
    dataset=dict(
        _delete_=True,
        type='MultiImageMixDataset',
        dataset=dict(_base_.train_dataloader.dataset, pipeline=_base_.load),
        pipeline=[_base_.mosaic, _base_.mixup, dict(_base_.copy_paste, prob=0.8), _base_.rotate90,
                  *_base_.augment, _base_.pack],
    )
)
"""


SEGMENTERS = """
_base_ = ['{root}/configs/demo/deeplabv3plus_r18.py', '{root}/configs/_base_/mixing_segmentation.py']
train_dataloader = dict(
    batch_size=2,
    dataset=dict(
        _base_.mixed,
        _delete_=True,
        pipeline=[_base_.cutmix, dict(_base_.copy_blob, prob=0.8), dict(_base_.copy_paste, prob=0.8),
                  *_base_.augment, _base_.pack],
    )
)
"""


@pytest.fixture(params=[CONFIG, SEGMENTERS], ids=['detector', 'segmenter'])
def batches_of(request, synthetic_root, tmp_path):
    """A function that loads an epoch of mixed pictures of 192 px."""
    path = tmp_path / 'mixed.py'
    path.write_text(request.param.format(root=ROOT))

    def load(*, num_workers: int, epoch: int, start: int = 0) -> list:
        cfg = load_config(path)
        use_data(cfg, str(synthetic_root))
        with in_scope_of(cfg):
            loader = TrashRunner.build_dataloader({**cfg.train_dataloader, 'num_workers': num_workers}, seed=3)
            loader.sampler.set_epoch(epoch, start)
            return [described(batch) for batch in loader]

    return load


def described(batch: dict) -> list:
    """What is in a batch, as plain values that can be compared."""
    if 'gt_sem_seg' in batch['data_samples'][0]:
        maps = [sample.gt_sem_seg.data for sample in batch['data_samples']]
        return [
            (image.shape, image.sum().item(), labels.unique(return_counts=True)[1].tolist(), labels.shape)
            for image, labels in zip(batch['inputs'], maps, strict=True)
        ]
    return [
        (
            image.shape,
            image.sum().item(),
            sample.gt_instances.labels.tolist(),
            sample.gt_instances.bboxes.tensor.tolist(),
            sample.gt_instances.masks.areas.tolist(),
        )
        for image, sample in zip(batch['inputs'], batch['data_samples'], strict=True)
    ]


def test_mixed_pictures_do_not_depend_on_workers_or_restarts(batches_of):
    alone = batches_of(num_workers=0, epoch=1)
    assert len(alone) == 8
    assert batches_of(num_workers=2, epoch=1) == alone
    assert batches_of(num_workers=0, epoch=1, start=6) == alone[3:]
    assert batches_of(num_workers=0, epoch=2) != alone
