"""Mask2Former as a segmenter: mixed precision, and the start from mmdet's panoptic files."""

import copy

import pytest
import torch
from mmdet.registry import MODELS as MMDET_MODELS
from mmengine.config import ConfigDict
from mmengine.registry import MODELS, DefaultScope
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from custom_modules.engine import load_config
from custom_modules.engine.fitting import compare, load_weights
from custom_modules.models import set_num_classes

SIDE, CLASSES = 96, 5


@pytest.fixture
def small() -> ConfigDict:
    """The model of the demo, for pictures of 96 px and five classes."""
    model = load_config('configs/demo/mask2former_swin.py').model
    model.data_preprocessor.size = (SIDE, SIDE)
    set_num_classes(model, CLASSES)
    return model


@pytest.fixture
def batch() -> dict:
    """Two pictures, one half Background and one half of class 3; the second also has a stripe that does not count."""
    labels = torch.zeros(2, 1, SIDE, SIDE, dtype=torch.long)
    labels[..., SIDE // 2 :] = 3
    labels[1, :, :10] = 255
    samples = [SegDataSample(gt_sem_seg=PixelData(data=label)) for label in labels]
    for sample in samples:
        sample.set_metainfo({'img_shape': (SIDE, SIDE), 'ori_shape': (SIDE, SIDE), 'pad_shape': (SIDE, SIDE)})
    pictures = torch.randint(0, 255, (2, 3, SIDE, SIDE), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    return {'inputs': list(pictures), 'data_samples': samples}


def build(model: ConfigDict) -> torch.nn.Module:
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmseg'):
        return MODELS.build(copy.deepcopy(model))


def test_bfloat16(small, batch):
    """Forward and backward in mixed precision: the losses are those of float32, every weight gets a finite gradient."""
    losses = {}
    for dtype in (torch.float32, torch.bfloat16):
        model = build(small)
        data = model.data_preprocessor(batch, True)
        torch.manual_seed(1)  # the points at which masks are compared
        with torch.autocast('cpu', dtype, enabled=dtype != torch.float32):
            total, _ = model.parse_losses(model.loss(data['inputs'], data['data_samples']))
        total.backward()
        assert all(weight.grad.isfinite().all() for weight in model.parameters())
        losses[dtype] = float(total)
    assert losses[torch.bfloat16] == pytest.approx(losses[torch.float32], rel=0.02)


def test_class_count(small):
    head = build(small).decode_head
    assert head.num_classes == CLASSES and head.cls_embed.out_features == CLASSES + 1
    assert head.class_weight == [1.0] * CLASSES + [0.1]


# What the published panoptic file of each size brings for other classes, or for 200 queries instead of 100.
OF_ANOTHER_SHAPE = {
    'b': ('swin-b-p4-w12-384-in21k_8xb2-lsj-50e', []),
    'l': ('swin-l-p4-w12-384-in21k_16xb1-lsj-100e', ['query_embed.weight', 'query_feat.weight']),
}


@pytest.mark.parametrize('size', OF_ANOTHER_SHAPE)
def test_start_from_a_panoptic_file(upstream_model, monkeypatch, size):
    """All but the classes of mmdet's model finds its place; both at full size, of shapes alone."""
    name, queries = OF_ANOTHER_SHAPE[size]
    theirs = upstream_model(f'mask2former/mask2former_{name}_coco-panoptic.py')
    ours = load_config(f'configs/trash/mask2former_swin_{size}.py').model
    linspace = torch.linspace
    monkeypatch.setattr(torch, 'linspace', lambda *args: linspace(*args, device='cpu'))  # read back: rates of drop path
    with torch.device('meta'):
        given, own = MMDET_MODELS.build(theirs).state_dict(), build(ours).state_dict()
    fit = compare(own, {'state_dict': given}, 'panoptic.pth', partial=True)
    assert fit.missing == fit.unexpected == []
    classes = ['cls_embed.weight', 'cls_embed.bias']
    assert sorted(fit.reshaped) == sorted(f'decode_head.{key}' for key in [*classes, *queries])


def test_values_of_a_panoptic_file(small):
    model = build(small)
    given = {f'panoptic_head.{key}': torch.randn_like(value) for key, value in model.decode_head.state_dict().items()}
    given |= {f'backbone.{key}': value for key, value in model.backbone.state_dict().items()}
    load_weights(model, {'state_dict': given}, 'panoptic.pth', partial=True)
    assert all(torch.equal(value, given[f'panoptic_head.{key}']) for key, value in model.decode_head.named_parameters())


def losses_with(model, batch, change) -> tuple[dict, list[torch.Tensor]]:
    """Calculate the losses with changed mask logits, and the gradients of the logits."""
    data = model.data_preprocessor(batch, True)
    given = []

    def changed(inputs, outputs):
        scores, masks = outputs
        masks = [change(mask.detach().clone()).requires_grad_() for mask in masks]
        given.extend(masks)
        return scores, masks

    head, forward = model.decode_head, model.decode_head.forward
    head.forward = lambda *inputs: changed(inputs, forward(*inputs))
    torch.manual_seed(1)  # the points at which masks are compared
    losses = model.loss(data['inputs'], data['data_samples'])
    model.parse_losses(losses)[0].backward()
    head.forward = forward
    return {name: float(value) for name, value in losses.items()}, [mask.grad for mask in given]


def shifted(rows: slice, by: float):
    """Make a change of the mask logits of all queries of the second picture, in some rows of the map."""

    def change(masks: torch.Tensor) -> torch.Tensor:
        masks[1, :, rows] += by
        return masks

    return change


@pytest.fixture
def half_ignored(batch) -> dict:
    """The second picture does not count in its upper half: twelve rows of a map of stride 4."""
    batch['data_samples'][1].gt_sem_seg.data[:, : SIDE // 2] = 255
    return batch


@pytest.mark.parametrize('by', [5.0, -5.0])
def test_ignored_pixels_change_no_loss(small, half_ignored, by):
    model = build(small)
    plain, gradients = losses_with(model, half_ignored, shifted(slice(0), by))
    inside, _ = losses_with(model, half_ignored, shifted(slice(0, 11), by))
    assert inside == plain
    outside, _ = losses_with(model, half_ignored, shifted(slice(13, None), by))
    assert abs(outside['decode.loss_mask'] - plain['decode.loss_mask']) > 0.1
    for gradient in gradients:
        assert not gradient[1, :, :11].any() and gradient[1, :, 13:].any() and gradient[0, :, :11].any()


def test_nothing_but_ignored_pixels(small, batch):
    for sample in batch['data_samples']:
        sample.gt_sem_seg.data[:] = 255
    losses, gradients = losses_with(build(small), batch, shifted(slice(0), 0.0))
    assert all(value >= 0 for value in losses.values()) and losses['decode.loss_mask'] == 0
    assert not any(gradient.any() for gradient in gradients if gradient is not None)


def test_without_ignored_pixels_it_is_upstreams(small, batch):
    batch['data_samples'][1].gt_sem_seg.data[:, :10] = 0
    ours, _ = losses_with(build(small), batch, shifted(slice(0), 0.0))
    small.decode_head.type = 'Mask2FormerHead'
    theirs, _ = losses_with(build(small), batch, shifted(slice(0), 0.0))
    assert ours == theirs
