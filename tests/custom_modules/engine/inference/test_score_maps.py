"""Windows cover every pixel, and scores become probabilities that can be worked out by hand."""

import math
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from custom_modules.engine import load_config
from custom_modules.engine.inference.score_maps import (
    Windows,
    check_windows,
    learns_by_sigmoids,
    probabilities,
    score_maps,
    sums_masks,
)
from custom_modules.utils import UserError

pytestmark = pytest.mark.fast


class Pixelwise:
    """A segmenter that looks at single pixels, and remembers how large its windows were."""

    def __init__(self) -> None:
        self.mix, self.seen = nn.Conv2d(3, 4, 1).requires_grad_(False), []

    def encode_decode(self, inputs, metas):
        self.seen.append(tuple(inputs.shape))
        assert all(meta['img_shape'] == meta['pad_shape'] == inputs.shape[-2:] for meta in metas)
        assert all(isinstance(meta['img_shape'], torch.Size) for meta in metas)
        return self.mix(inputs)


@pytest.mark.parametrize(
    ('height', 'width', 'rows', 'columns'),
    [
        pytest.param(10, 10, [(0, 10)], [(0, 10)], id='one-window'),
        pytest.param(3, 1, [(0, 3)], [(0, 1)], id='smaller-than-a-window'),
        pytest.param(11, 20, [(0, 10), (1, 11)], [(0, 10), (4, 14), (8, 18), (10, 20)], id='last-ones-shifted-back'),
        pytest.param(13, 18, [(0, 10), (3, 13)], [(0, 10), (4, 14), (8, 18)], id='whole-strides'),
    ],
)
def test_places(height, width, rows, columns):
    places = Windows((10, 10), (3, 4)).places(height, width)
    expected = [(*row, *column) for row in rows for column in columns]
    assert [(row.start, row.stop, column.start, column.stop) for row, column in places] == expected


@pytest.mark.parametrize('size', [(1, 1), (7, 64), (33, 47), (64, 32)])
@pytest.mark.parametrize(
    'windows', [Windows((16, 16), (16, 16)), Windows((16, 24), (5, 9)), Windows((40, 40), (1, 39))]
)
def test_windows_of_a_model_that_sees_single_pixels_give_the_whole(size, windows):
    model, inputs = Pixelwise(), torch.randn(3, 3, *size)
    whole = score_maps(model, inputs, [{}] * 3, None)
    torch.testing.assert_close(score_maps(model, inputs, [{}] * 3, windows), whole)
    largest = tuple(map(min, size, windows.size))
    assert {shape[2:] for shape in model.seen[1:]} == {largest} and {shape[0] for shape in model.seen} == {3}


def test_overlaps_are_averaged():
    """Two windows of width 3 on a width of 4, the first scores 1 everywhere, the second 4."""
    scores = iter([1.0, 4.0])
    model = SimpleNamespace(encode_decode=lambda inputs, metas: torch.full((1, 2, 1, 3), next(scores)))
    found = score_maps(model, torch.zeros(1, 3, 1, 4), [{}], Windows((1, 3), (1, 2)))
    assert found[0, 0].tolist() == [[1, 2.5, 2.5, 4]]


def test_scores_are_float32_whatever_the_model_computes_in():
    model = SimpleNamespace(encode_decode=lambda inputs, metas: torch.ones(1, 2, 1, 3, dtype=torch.bfloat16))
    for windows in (None, Windows((1, 3), (1, 1))):
        assert score_maps(model, torch.zeros(1, 3, 1, 4)[..., :3], [{}], windows).dtype == torch.float32


def test_logits_take_the_softmax():
    probs = probabilities(torch.tensor([0.0, math.log(3)]).reshape(2, 1, 1), from_masks=False)
    torch.testing.assert_close(probs.flatten(), torch.tensor([0.25, 0.75]))


def test_sums_of_masks_become_shares():
    """Two queries at one pixel: p = (0.6, 0.3) with a mask of 0.9, p = (0.1, 0.5) with one of 0.4.

    Scores 0.58 and 0.47, that is 0.552 and 0.448 of 1.05 = 0.9 * 0.9 + 0.4 * 0.6, what they have beside no object.
    """
    classes, masks = torch.tensor([[0.6, 0.3], [0.1, 0.5]]), torch.tensor([0.9, 0.4])
    scores = torch.einsum('qc,q->c', classes, masks)
    torch.testing.assert_close(scores, torch.tensor([0.58, 0.47]))
    probs = probabilities(scores.reshape(2, 1, 1), from_masks=True).flatten()
    torch.testing.assert_close(probs, torch.tensor([0.58, 0.47]) / 1.05, atol=1e-5, rtol=0)


@pytest.mark.parametrize('from_masks', [False, True])
def test_probabilities_sum_to_one_and_keep_the_order(from_masks):
    scores = torch.rand(2, 5, 6, 7) ** 4
    probs = probabilities(scores, from_masks=from_masks)
    torch.testing.assert_close(probs.sum(1), torch.ones(2, 6, 7))
    assert torch.equal(probs.argmax(1), scores.argmax(1))


def test_where_no_mask_is_all_classes_are_equal():
    scores = torch.zeros(4, 1, 2)
    scores[2, 0, 1] = 1
    probs = probabilities(scores, from_masks=True)
    torch.testing.assert_close(probs[:, 0, 0], torch.full((4,), 0.25))
    assert probs[2, 0, 1] > 0.99999


def test_heads_that_sum_masks_are_known():
    from mmseg.models.decode_heads import FCNHead, Mask2FormerHead, MaskFormerHead, UPerHead

    made = {cls: cls.__new__(type('Own', (cls,), {})) for cls in (FCNHead, UPerHead, Mask2FormerHead, MaskFormerHead)}
    for head in made.values():
        nn.Module.__init__(head)
    assert {cls.__name__: sums_masks(head) for cls, head in made.items()} == {
        'FCNHead': False,
        'UPerHead': False,
        'Mask2FormerHead': True,
        'MaskFormerHead': True,
    }
    assert sums_masks(SimpleNamespace(sums_masks=True)) and not sums_masks(SimpleNamespace())


@pytest.fixture(scope='module')
def mask2former():
    """A Mask2Former of mmseg with few queries, as an ``EncoderDecoder``."""
    from mmengine.config import ConfigDict
    from mmengine.registry import MODELS, DefaultScope

    attention = {'embed_dims': 16, 'num_heads': 2, 'dropout': 0.0, 'batch_first': True}
    feed_forward = {'embed_dims': 16, 'feedforward_channels': 16, 'num_fcs': 2, 'act_cfg': {'type': 'ReLU'}}
    deformable = {'embed_dims': 16, 'num_heads': 2, 'num_levels': 3, 'num_points': 2, 'batch_first': True}
    encoder = {'self_attn_cfg': deformable, 'ffn_cfg': {'embed_dims': 16, 'feedforward_channels': 16}}
    positions = {'num_feats': 8, 'normalize': True}
    head = {
        'type': 'Mask2FormerHead',
        'in_channels': [8, 16, 32, 64],
        'strides': [4, 8, 16, 32],
        'feat_channels': 16,
        'out_channels': 16,
        'num_classes': 5,
        'num_queries': 7,
        'num_transformer_feat_level': 3,
        'pixel_decoder': {
            'type': 'mmdet.MSDeformAttnPixelDecoder',
            'num_outs': 3,
            'norm_cfg': {'type': 'GN', 'num_groups': 4},
            'act_cfg': {'type': 'ReLU'},
            'encoder': {'num_layers': 1, 'layer_cfg': encoder, 'init_cfg': None},
            'positional_encoding': positions,
        },
        'positional_encoding': positions,
        'transformer_decoder': {
            'num_layers': 1,
            'return_intermediate': True,
            'layer_cfg': {'self_attn_cfg': attention, 'cross_attn_cfg': attention, 'ffn_cfg': feed_forward},
            'init_cfg': None,
        },
        'loss_cls': {'type': 'mmdet.CrossEntropyLoss', 'class_weight': [1.0] * 6},
        'loss_mask': {'type': 'mmdet.CrossEntropyLoss', 'use_sigmoid': True},
        'loss_dice': {'type': 'mmdet.DiceLoss', 'use_sigmoid': True, 'activate': True, 'naive_dice': True},
        'train_cfg': None,
    }
    backbone = {'type': 'ResNet', 'depth': 18, 'stem_channels': 8, 'base_channels': 8}
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build(ConfigDict(type='EncoderDecoder', backbone=backbone, decode_head=head))
    return model.eval()


@torch.inference_mode()
def test_windows_of_mask2former_in_a_batch(mask2former):
    """Each window alone, one picture after the other, averaged by hand.

    Upstream's slide_inference takes ``pad_shape``, which a preprocessor that pads leaves, for the size of a window.
    """
    inputs, windows = torch.randn(2, 3, 64, 96), Windows((64, 64), (32, 32))
    metas = [{'pad_shape': (64, 96), 'img_shape': (64, 96), 'ori_shape': (64, 96)}] * 2
    found = score_maps(mask2former, inputs, metas, windows)
    expected, size = torch.zeros(2, 5, 64, 96), {'img_shape': (64, 64), 'pad_shape': (64, 64)}
    for start in (0, 32):
        for index in range(2):
            part = inputs[index : index + 1, :, :, start : start + 64]
            expected[index, :, :, start : start + 64] += mask2former.encode_decode(part, [size])[0]
    expected[..., 32:64] /= 2
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)
    assert sums_masks(mask2former.decode_head)
    assert not torch.allclose(found.sum(1), torch.ones(2, 64, 96), atol=0.05)
    probs = probabilities(found, from_masks=True)
    torch.testing.assert_close(probs.sum(1), torch.ones(2, 64, 96))
    mask2former.test_cfg = SimpleNamespace(stride=(32, 32), crop_size=(64, 64))
    with pytest.raises(RuntimeError):
        mask2former.slide_inference(inputs, [dict(meta) for meta in metas])


@torch.inference_mode()
def test_scores_of_mask2former_are_what_the_paper_says(mask2former):
    """Equation of section 3.4: the sum over the queries of class probability, no object left out, times mask."""
    inputs, meta = torch.randn(1, 3, 64, 64), [{'img_shape': (64, 64)}]
    from mmseg.structures import SegDataSample

    scores, masks = mask2former.decode_head(mask2former.extract_feat(inputs), [SegDataSample(metainfo=meta[0])])
    shares = scores[-1][0].softmax(-1)
    grown = F.interpolate(masks[-1], (64, 64), mode='bilinear', align_corners=False)[0].sigmoid()
    found = score_maps(mask2former, inputs, meta, None)[0]
    torch.testing.assert_close(found, sum(shares[q, :-1, None, None] * grown[q] for q in range(7)))
    covered = sum((1 - shares[q, -1]) * grown[q] for q in range(7))
    torch.testing.assert_close(probabilities(found, from_masks=True), found / covered, atol=1e-4, rtol=1e-4)


def test_sigmoids_over_their_sum():
    """Classes at 0.5, 0.25 and 0.25; and where none is likely, all of them below what single precision adds to 1."""
    scores = torch.tensor([0.0, -math.log(3), -math.log(3)]).view(3, 1, 1)
    torch.testing.assert_close(
        probabilities(scores, from_masks=False, from_sigmoids=True).flatten(), torch.tensor([0.5, 0.25, 0.25])
    )
    unlikely = probabilities(scores - 200, from_masks=False, from_sigmoids=True).flatten()
    torch.testing.assert_close(unlikely, torch.tensor([1.0, 1 / 3, 1 / 3]) / (5 / 3))


@pytest.mark.parametrize(
    ('losses', 'expected'), [([True], True), ([True, True], True), ([True, False], False), ([False], False)]
)
def test_what_learns_by_sigmoids(losses, expected):
    modules = [nn.Module() for _ in losses]
    for module, use_sigmoid in zip(modules, losses, strict=True):
        module.use_sigmoid = use_sigmoid
    head = nn.Module()
    head.loss_decode = nn.ModuleList(modules)
    assert learns_by_sigmoids(head) is expected
    assert not learns_by_sigmoids(nn.Module())


def test_windows_that_training_cannot_validate_with():
    windows = {'mode': 'slide', 'crop_size': (8, 8), 'stride': (4, 4)}
    for name, message in (('mask2former_swin', 'cannot be validated in windows'), ('upernet_swin', None)):
        model = load_config(f'configs/demo/{name}.py').model
        check_windows(model, 'a.py')
        model.test_cfg.update(windows)
        if message is None:
            check_windows(model, 'a.py')
            model.test_cfg.stride, message = (9, 4), 'leave gaps'
        with pytest.raises(UserError, match=message):
            check_windows(model, 'a.py')
