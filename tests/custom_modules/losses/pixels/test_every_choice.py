"""What holds for every choice of pixel_losses.py: ignored pixels, missing classes, precision, learning."""

import pytest
import torch
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

from .conftest import BLOCK, COUNTS, _build

pytestmark = pytest.mark.fast


def value_and_grad(loss, logits, label, **options):
    logits = logits.clone().requires_grad_()
    value = loss(logits, label, **options)
    return value.detach(), torch.autograd.grad(value, logits)[0]


def test_the_block_has_what_was_asked_for():
    assert set(BLOCK) >= {
        *('ce', 'weighted_ce', 'soft_ce', 'focal', 'focal_soft_ce', 'dice', 'dice_bce', 'dice_focal', 'dice_topk'),
        *('ce_l1', 'lovasz', 'tversky', 'ohem', 'cdb', 'class_balanced'),
    }
    assert [part['loss_weight'] for part in BLOCK.focal_soft_ce] == [0.3, 0.7]
    assert all(isinstance(BLOCK[name], list) for name in BLOCK)  # a list replaces the family's loss, a dict joins it


def test_ignored_pixels_change_nothing(pixel_loss, pixels):
    logits, label = pixels
    other = logits.clone()
    other[:, :, :2] = 9 * torch.randn(2, 4, 2, 8)
    (value, grad), (same, same_grad) = (value_and_grad(pixel_loss, one, label) for one in (logits, other))
    torch.testing.assert_close(value, same)
    torch.testing.assert_close(grad, same_grad)
    assert (grad[:, :, :2] == 0).all() and (grad[:, :, 2:] != 0).any()
    cropped, cropped_grad = value_and_grad(pixel_loss, logits[:, :, 2:], label[:, 2:])
    torch.testing.assert_close(value, cropped)
    torch.testing.assert_close(grad[:, :, 2:], cropped_grad)


def test_nothing_but_ignored_pixels_costs_nothing(pixel_loss, pixels):
    value, grad = value_and_grad(pixel_loss, pixels[0], torch.full_like(pixels[1], 255))
    assert value.shape == () and value == 0 and (grad == 0).all()


LABELS = {
    'one pixel': lambda label: torch.where(torch.arange(label.numel()).view_as(label) == 80, 2, 255),
    'one class': lambda label: torch.where(label == 255, 255, 1),
    'a class missing': lambda label: torch.where(label == 3, 0, label),
    'nothing on one picture': lambda label: torch.cat([torch.full_like(label[:1], 255), label[1:]]),
}


@pytest.mark.parametrize('change', LABELS.values(), ids=LABELS)
def test_missing_classes(pixel_loss, pixels, change):
    value, grad = value_and_grad(pixel_loss, pixels[0], change(pixels[1]))
    assert value > 0 and torch.isfinite(value) and torch.isfinite(grad).all() and (grad != 0).any()


@pytest.mark.parametrize('scale', [30.0, 1e4])
def test_sure_pixels_have_finite_gradients(pixel_loss, pixels, scale):
    for sign in (1, -1):
        right = torch.nn.functional.one_hot(torch.where(pixels[1] == 255, 0, pixels[1]), 4).movedim(-1, 1)
        value, grad = value_and_grad(pixel_loss, sign * scale * right.float(), pixels[1])
        assert torch.isfinite(value) and torch.isfinite(grad).all()


def test_better_predictions_cost_less(pixel_loss, pixels):
    right = torch.nn.functional.one_hot(torch.where(pixels[1] == 255, 0, pixels[1]), 4).movedim(-1, 1)
    values = [pixel_loss(pixels[0] + step * (2 * right - 1), pixels[1]).item() for step in (-2, -1, 0, 0.5)]
    assert values == sorted(values, reverse=True) and len(set(values)) == 4


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_half_precision_is_widened(pixel_loss, dtype):
    """A hundred thousand pixels: their sums are beyond the range of float16 and the precision of bfloat16."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(1, 4, 320, 320, generator=generator).to(dtype)
    label = torch.randint(0, 4, (1, 320, 320), generator=generator)
    expected, _ = value_and_grad(pixel_loss, logits.float(), label)
    with torch.autocast('cpu', dtype=dtype):
        value, grad = value_and_grad(pixel_loss, logits, label)
    torch.testing.assert_close(value.float(), expected, rtol=1e-5, atol=1e-5)
    assert value.dtype == torch.float32 and torch.isfinite(grad).all()


def test_weights_of_a_pixel_sampler_leave_pixels_out(pixel_loss, pixels):
    """Whether the mean is over them or not, pixels of weight 0 have no gradient."""
    weight = (torch.arange(8) % 2).float().expand(2, 6, 8)
    _, grad = value_and_grad(pixel_loss, *pixels, weight=weight)
    assert (grad[..., ::2] == 0).all() and (grad[..., 1::2] != 0).any()


def make_segmenter(loss_decode: list[dict]) -> torch.nn.Module:
    torch.manual_seed(0)
    head = {
        'type': 'FCNHead', 'in_channels': 64, 'in_index': -1, 'channels': 8, 'num_convs': 1, 'num_classes': 11,
        'concat_input': False, 'dropout_ratio': 0, 'norm_cfg': {'type': 'BN'},
        'align_corners': False, 'loss_decode': loss_decode,
    }  # fmt: skip
    backbone = {'type': 'ResNet', 'depth': 18, 'stem_channels': 8, 'base_channels': 8, 'norm_cfg': {'type': 'BN'}}
    return MODELS.build({'type': 'EncoderDecoder', 'backbone': backbone, 'decode_head': head})


@pytest.mark.parametrize('name', list(BLOCK))
def test_a_step_of_a_segmenter(name):
    model = make_segmenter([dict(part) for part in BLOCK[name]])
    for module in model.modules():
        if hasattr(module, 'set_class_counts'):
            module.set_class_counts(COUNTS)
    label = torch.arange(2 * 64 * 64).reshape(2, 1, 64, 64) // 800
    label[:, :, :9] = 255
    samples = [SegDataSample(gt_sem_seg=PixelData(data=one)) for one in label]
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    pictures = torch.randn(2, 3, 64, 64)
    totals = []
    for _ in range(4):
        optimizer.zero_grad()
        total, losses = model.parse_losses(model(pictures, samples, mode='loss'))
        total.backward()
        optimizer.step()
        totals.append(total.item())
    names = {f'decode.{getattr(loss, "loss_name", None)}' for loss in model.decode_head.loss_decode}
    assert set(losses) == {*names, 'decode.acc_seg', 'loss'}
    assert all(torch.isfinite(value) for value in losses.values()) and totals[-1] < totals[0]


@pytest.mark.parametrize('name', ['weighted_ce', 'cdb', 'class_balanced'])
def test_class_counts_follow_the_data_set(name):
    """Eleven in the block; four here."""
    value = _build(name)(torch.zeros(1, 4, 2, 2), torch.tensor([[[0, 1], [2, 3]]]))
    assert value.item() == pytest.approx(1.386294)  # log 4
