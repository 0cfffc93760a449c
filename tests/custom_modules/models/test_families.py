"""Every family trains with and without objects, in mixed precision, and predicts; shrunk, in a second each."""

from pathlib import Path

import pytest
import torch
from mmdet.registry import DATASETS, MODELS
from mmengine.dataset import pseudo_collate

from custom_modules.engine import load_config
from custom_modules.engine.data import reading_parts, use_classes
from custom_modules.engine.seeding import SeededDataset
from custom_modules.engine.shrink import shrink

CONFIGS = Path(__file__).resolve().parents[3] / 'configs'
FAMILIES = [
    'retinanet_swin_t',
    'atss_swin_l_dyhead',
    'dino_swin_l',
    'ddq_swin_l',
    'rtmdet_s',
    'yolox_s',
    'htc_resnext101',
]


@pytest.fixture(scope='module')
def family(synthetic_root):
    """Give a function that builds a shrunk family's model and a batch of two pictures, with objects or without."""
    made = {}

    def make(name: str):
        if name not in made:
            cfg = load_config(CONFIGS / 'trash' / f'{name}.py')
            use_classes(cfg, 10, has_masks=True)
            shrink(cfg)
            if 'score_thr' in cfg.model.test_cfg:
                cfg.model.test_cfg.score_thr = 0.0  # untrained scores are low
            for part in reading_parts(cfg.train_dataloader.dataset):
                part.update(data_root=str(synthetic_root), ann_file='train.json')
            dataset = SeededDataset(DATASETS.build(cfg.train_dataloader.dataset), seed=0)
            torch.manual_seed(0)
            model = MODELS.build(cfg.model)
            model.init_weights()
            samples = [dataset[index] for index in (0, 1)]
            made[name] = model.train(), samples
        return made[name]

    return make


def step(model, samples: list, *, objects: bool = True, amp: bool = False) -> dict[str, float]:
    """Go forward and backward; return the losses."""
    batch = pseudo_collate(samples)
    if not objects:
        batch['data_samples'] = [sample.clone() for sample in batch['data_samples']]
        for sample in batch['data_samples']:
            sample.gt_instances = sample.gt_instances[:0]
    model.zero_grad()
    torch.manual_seed(1)  # what the model draws: dropped paths, noise on queries
    with torch.autocast('cpu', torch.bfloat16, enabled=amp):
        data = model.data_preprocessor(batch, True)
        total, log = model.parse_losses(model.loss(data['inputs'], data['data_samples']))
    total.backward()
    return {name: float(value) for name, value in log.items()}


@pytest.mark.parametrize('name', FAMILIES)
def test_all_parameters_learn_with_and_without_objects_and_in_mixed_precision(family, name):
    """A parameter without a gradient, not even zeros, makes the other ranks wait for ever."""
    model, samples = family(name)
    losses = {}
    for case in ({}, {'amp': True}, {'objects': False}):
        losses[str(case)] = found = step(model, samples, **case)
        without = [key for key, value in model.named_parameters() if value.requires_grad and value.grad is None]
        assert not without
        assert all(torch.isfinite(value.grad).all() for value in model.parameters() if value.grad is not None)
        boxes = sum(value for key, value in found.items() if 'bbox' in key and 'rpn' not in key)
        assert (boxes > 0) == case.get('objects', True)
    exact, mixed, _ = (found['loss'] for found in losses.values())
    # RTMDet's is small, and its matching depends on the predictions.
    assert mixed == pytest.approx(exact, rel=0.05, abs=0.01) and mixed != exact


@pytest.mark.parametrize('name', FAMILIES)
def test_predictions_are_boxes_of_the_picture(family, name):
    model, samples = family(name)
    model.eval()
    batch = pseudo_collate(samples[:1])
    sample = batch['data_samples'][0]
    sample.set_metainfo({'scale_factor': (1.0, 1.0), 'ori_shape': sample.img_shape})
    with torch.no_grad():
        found = model.test_step(batch)[0].pred_instances
    model.train()
    assert len(found) > 0 and set(found.labels.tolist()) <= set(range(10))
    assert (found.bboxes[:, 2:] >= found.bboxes[:, :2]).all()
    assert found.scores.min() >= 0 and found.scores.max() <= 1
