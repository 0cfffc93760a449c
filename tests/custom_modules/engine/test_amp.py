"""Mixed precision is chosen by what the device can do."""

from pathlib import Path

import pytest
import torch
from mmdet.models.roi_heads.roi_extractors.base_roi_extractor import BaseRoIExtractor
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.optim import OptimWrapper
from mmengine.registry import MODELS, OPTIM_WRAPPERS, DefaultScope
from mmengine.structures import InstanceData

from custom_modules.engine import load_config
from custom_modules.engine.amp import autocast, is_mixed, keep_boxes_exact, use_low_memory, use_mixed_precision

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
        pytest.param('mmseg.ConvolutionalVGG', True, ['EMAHook'], id='has-its-own-and-no-norms'),
        pytest.param('mmdet.ResNeXt', None, ['EMAHook', 'RecomputeHook'], id='its-own-would-count-norms-twice'),
        pytest.param('mmseg.DilatedEfficientNet', None, ['EMAHook', 'RecomputeHook'], id='the-same-in-efficientnet'),
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


def boxes_of(number: int, rng: torch.Generator) -> torch.Tensor:
    """Boxes (N, 4), xyxy, somewhere in the last quarter of 512 x 512 px, where bfloat16 knows every second pixel."""
    corners = 384 + 60 * torch.rand(number, 2, generator=rng)
    return torch.cat([corners, corners + 20 + 40 * torch.rand(number, 2, generator=rng)], dim=1)


def test_boxes_of_a_training_stay_exact():
    """What RoI heads learn from is sampled, cut out and decoded in float32, in every stage."""
    cfg = load_config(Path(__file__).resolve().parents[3] / 'configs' / 'demo' / 'cascade_mask_rcnn_swin.py')
    del cfg.model.roi_head.mask_head, cfg.model.roi_head.mask_roi_extractor
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmdet'):
        model = MODELS.build(cfg.model).train()
    keep_boxes_exact(model)
    seen = []
    for module in model.modules():
        if isinstance(module, BaseRoIExtractor):
            module.register_forward_pre_hook(lambda _, inputs: seen.append((inputs[0][0], inputs[1])))
    wrapper = OPTIM_WRAPPERS.build(
        {'type': 'Bfloat16OptimWrapper', 'optimizer': torch.optim.SGD(model.parameters(), lr=0.01)}
    )
    sample = DetDataSample(metainfo=dict.fromkeys(('img_shape', 'batch_input_shape', 'pad_shape'), (512, 512)))
    boxes = boxes_of(4, torch.Generator().manual_seed(0))
    sample.gt_instances = InstanceData(bboxes=boxes, labels=torch.arange(4))
    sample.ignored_instances = InstanceData(bboxes=boxes[:0], labels=torch.arange(0))
    with wrapper.optim_context(model):
        total, _ = model.parse_losses(model.loss(torch.rand(1, 3, 512, 512), [sample]))
    total.backward()
    assert len(seen) == 3
    for features, rois in seen:
        assert features.dtype == rois.dtype == torch.float32
        inner = rois[:, 1:][(rois[:, 1:] > 300) & (rois[:, 1:] < 512)]
        assert len(inner) and (inner.bfloat16() != inner).float().mean() > 0.9
    assert torch.isfinite(model.backbone.patch_embed.projection.weight.grad).all()


@pytest.mark.parametrize(
    ('kind', 'mixed'), [('OptimWrapper', False), ('Bfloat16OptimWrapper', True)], ids=['exact', 'bfloat16']
)
def test_whether_a_training_is_mixed(kind, mixed):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    wrapper = OPTIM_WRAPPERS.build({'type': kind, 'optimizer': optimizer})
    assert isinstance(wrapper, OptimWrapper) and is_mixed(wrapper) is mixed
