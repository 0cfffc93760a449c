"""Mixed precision is chosen by what the device can do."""

from pathlib import Path

import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import MODELS, OPTIM_WRAPPERS, DefaultScope

from custom_modules.engine import load_config
from custom_modules.engine.amp import autocast, keep_boxes_exact, use_low_memory, use_mixed_precision

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ('card', 'bfloat16', 'wrapper', 'said'),
    [
        pytest.param(False, False, 'Bfloat16OptimWrapper', 'bfloat16', id='cpu'),
        pytest.param(True, True, 'Bfloat16OptimWrapper', 'bfloat16', id='new-card'),
        pytest.param(True, False, 'AmpOptimWrapper', 'float16 with loss scaling', id='old-card'),
    ],
)
def test_the_type_follows_the_device(monkeypatch, card, bfloat16, wrapper, said):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: card)
    monkeypatch.setattr(torch.cuda, 'is_bf16_supported', lambda including_emulation: bfloat16)
    cfg = Config({'optim_wrapper': {'type': 'OptimWrapper'}})
    assert said in use_mixed_precision(cfg)
    assert cfg.optim_wrapper.type == wrapper
    assert cfg.optim_wrapper.get('loss_scale') == ('dynamic' if wrapper == 'AmpOptimWrapper' else None)


def test_products_are_bfloat16_and_weights_stay_float32():
    model = torch.nn.Linear(2, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    wrapper = OPTIM_WRAPPERS.build({'type': 'Bfloat16OptimWrapper', 'optimizer': optimizer})
    with wrapper.optim_context(model):
        product = model(torch.ones(1, 2))
    assert product.dtype is torch.bfloat16
    wrapper.update_params(product.sum())
    assert model.weight.dtype is torch.float32 and model(torch.ones(1, 2)).dtype is torch.float32


@pytest.mark.parametrize(
    ('backbone', 'own', 'hooks'),
    [
        pytest.param('SwinTransformer', True, ['EMAHook'], id='has-its-own'),
        pytest.param('mmdet.ResNeXt', True, ['EMAHook'], id='takes-it-through-a-base-class'),
        pytest.param('CSPDarknet', None, ['EMAHook', 'RecomputeHook'], id='has-none'),
    ],
)
def test_low_memory_by_the_backbone_s_own_means_or_ours(backbone, own, hooks):
    cfg = Config({'model': {'backbone': {'type': backbone}}, 'custom_hooks': [{'type': 'EMAHook'}]})
    assert 'recomputed' in use_low_memory(cfg)
    assert cfg.model.backbone.get('with_cp') is own
    assert [hook.type for hook in cfg.custom_hooks] == hooks


@pytest.mark.parametrize('name', ['cascade_mask_rcnn_swin', 'atss_swin', 'dino_swin'])
def test_boxes_of_every_family_stay_exact(name):
    """At 4,000 pixels, where those of an original photograph lie, neighbours in bfloat16 are 16 apart."""
    cfg = load_config(Path(__file__).resolve().parents[3] / 'configs' / 'demo' / f'{name}.py')
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmdet'):
        model = MODELS.build(cfg.model).eval()
        keep_boxes_exact(model)
        shape = {'img_shape': (128, 128), 'batch_input_shape': (128, 128), 'ori_shape': (4000, 4000)}
        sample = DetDataSample(metainfo={**shape, 'scale_factor': (0.032, 0.032)})
        with torch.inference_mode(), autocast(torch.device('cpu')):
            found = model.predict(torch.rand(1, 3, 128, 128), [sample])[0].pred_instances
    assert found.bboxes.dtype == found.scores.dtype == torch.float32
    coordinates = found.bboxes[(found.bboxes > 0) & (found.bboxes < 4000)]
    assert len(coordinates) and (coordinates.bfloat16() != coordinates).float().mean() > 0.9
