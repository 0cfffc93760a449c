"""Whole detectors in bfloat16, forward and backward: upstream's RoIAlign on the CPU has no such kernel."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

from custom_modules.structures.instance_masks import InstanceMasks

CONFIGS = Path(__file__).resolve().parents[3] / 'configs' / 'demo'


@pytest.fixture(scope='module', params=['cascade_mask_rcnn_swin', 'htc_swin'])
def detector(request):
    """A demo detector with random weights."""
    init_default_scope('mmdet')
    torch.manual_seed(0)
    model = MODELS.build(Config.fromfile(CONFIGS / f'{request.param}.py').model)
    return model


def make_batch() -> dict:
    """Two noisy pictures of 96 px with three squares each."""
    corners = torch.tensor([[8.0, 10], [40, 20], [30, 56]])
    boxes = torch.cat([corners, corners + 32], 1)
    polygons = [[box[[0, 1, 2, 1, 2, 3, 0, 3]].numpy().astype(np.float64)] for box in boxes]
    generator = torch.Generator().manual_seed(1)
    samples = []
    for _ in range(2):
        sample = DetDataSample(metainfo={'img_shape': (96, 96), 'ori_shape': (96, 96), 'scale_factor': (1.0, 1.0)})
        masks = InstanceMasks(polygons, 96, 96)
        sample.gt_instances = InstanceData(bboxes=boxes.clone(), labels=torch.tensor([0, 1, 2]), masks=masks)
        sample.ignored_instances = InstanceData(bboxes=torch.zeros(0, 4), labels=torch.zeros(0, dtype=torch.long))
        samples.append(sample)
    pictures = [torch.randint(0, 255, (3, 96, 96), generator=generator, dtype=torch.uint8) for _ in range(2)]
    return {'inputs': pictures, 'data_samples': samples}


def take_step(model: torch.nn.Module, *, autocast: bool) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Total loss and gradients of one training step, with the same sampled regions each time."""
    torch.manual_seed(2)
    np.random.seed(2)
    model.train()
    model.zero_grad()
    with torch.autocast('cpu', dtype=torch.bfloat16, enabled=autocast):
        batch = model.data_preprocessor(make_batch(), True)
        loss = model.parse_losses(model.loss(batch['inputs'], batch['data_samples']))[0]
    loss.backward()
    return loss.detach(), {name: x.grad for name, x in model.named_parameters() if x.grad is not None}


def test_a_step_under_autocast_is_a_step(detector):
    expected, _ = take_step(detector, autocast=False)
    loss, gradients = take_step(detector, autocast=True)
    assert loss.item() == pytest.approx(expected.item(), rel=0.02)
    assert loss.item() != expected.item(), 'nothing was computed in bfloat16'
    assert all(x.isfinite().all() for x in gradients.values())
    assert gradients['backbone.patch_embed.projection.weight'].any()


@torch.no_grad()
def check_predictions(model: torch.nn.Module, *, autocast: bool) -> None:
    """Predict, whatever the scores are."""
    model.eval()
    model.test_cfg.rcnn.score_thr = 0.0
    with torch.autocast('cpu', dtype=torch.bfloat16, enabled=autocast):
        batch = model.data_preprocessor(make_batch(), False)
        results = model.predict(batch['inputs'], batch['data_samples'])
    for result in results:
        predicted = result.pred_instances
        assert len(predicted) > 0
        assert predicted.bboxes.isfinite().all()
        assert len(predicted.masks) == len(predicted)


def test_predictions_under_autocast(detector):
    check_predictions(detector, autocast=True)


def test_a_detector_stored_in_bfloat16(monkeypatch):
    """With a ResNet: the attention mask of upstream's Swin is single precision whatever the weights are."""
    config = Config.fromfile(CONFIGS / 'htc_swin.py').model
    config.backbone = dict(type='mmdet.ResNet', depth=18, base_channels=16)
    config.neck.in_channels = [16, 32, 64, 128]
    init_default_scope('mmdet')
    torch.manual_seed(0)
    model = MODELS.build(config)
    expected, _ = take_step(model, autocast=False)
    model.bfloat16()
    preprocess = model.data_preprocessor.forward

    def cast(data, training=False):
        data = preprocess(data, training)
        return {**data, 'inputs': data['inputs'].bfloat16()}

    monkeypatch.setattr(model.data_preprocessor, 'forward', cast)
    loss, gradients = take_step(model, autocast=False)
    assert loss.item() == pytest.approx(expected.item(), rel=0.02)
    assert all(x.dtype == torch.bfloat16 and x.isfinite().all() for x in gradients.values())
    check_predictions(model, autocast=False)
