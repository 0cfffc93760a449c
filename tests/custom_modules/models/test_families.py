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
from custom_modules.engine.start_weights import use_start_weights

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


@pytest.mark.parametrize(
    ('name', 'millions'),
    [
        pytest.param('rtmdet_s', 8.89, id='rtmdet-s'),
        pytest.param('rtmdet_m', 24.71, id='rtmdet-m'),
        pytest.param('rtmdet_l', 52.3, id='rtmdet-l', marks=pytest.mark.slow),
        pytest.param('yolox_s', 8.97, id='yolox-s'),
        pytest.param('yolox_l', 54.21, id='yolox-l', marks=pytest.mark.slow),
        pytest.param('yolox_x', 99.07, id='yolox-x', marks=pytest.mark.slow),
    ],
)
def test_sizes_are_the_published_ones(name, millions):
    """With 80 classes, as upstream's tables give RTMDet (Lyu et al., 2022) and the paper YOLOX (Ge et al., 2021)."""
    cfg = load_config(CONFIGS / 'trash' / f'{name}.py')
    use_classes(cfg, 80, has_masks=False)
    use_start_weights(cfg, 'none')
    parameters = sum(parameter.numel() for parameter in MODELS.build(cfg.model).parameters())
    assert parameters / 1e6 == pytest.approx(millions, rel=2e-3)
