"""Probabilities of a segmenter: whatever the batch, the windows and the views, they are those of the picture."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.dataset import pseudo_collate
from mmengine.registry import MODELS, DefaultScope
from mmseg.models import SegDataPreProcessor
from torch import nn

from custom_modules.engine import load_config
from custom_modules.engine.inference import Segmenter, find_pictures, pictures_of_split
from custom_modules.engine.inference.loading import PictureDataset
from custom_modules.utils import UserError

pytestmark = pytest.mark.fast


@pytest.fixture
def segmenter(tiny_segmenter, untrained_segmenter):
    """Return a function that makes the tiny segmenter with other settings."""

    def make(overrides: dict | None = None, **options) -> Segmenter:
        return Segmenter(load_config(tiny_segmenter, overrides), untrained_segmenter, device='cpu', **options)

    return make


@pytest.fixture
def photos(synthetic_root, tmp_path) -> list:
    """Pictures of four sizes, two of which are equal after resizing, and one of a single pixel."""
    picture = cv2.imread(str(pictures_of_split(synthetic_root, 'test.json')[0].path))
    sizes = [(128, 128), (64, 64), (90, 128), (1, 1), (37, 5)]
    for number, (width, height) in enumerate(sizes):
        cv2.imwrite(str(tmp_path / f'{number}.png'), cv2.resize(picture, (width, height)))
    return find_pictures([str(tmp_path)])


def predict(segmenter: Segmenter, pictures, **options) -> list[np.ndarray]:
    return [probs.numpy() for _, probs in segmenter.predict(pictures, num_workers=0, **options)]


def upstream(segmenter: Segmenter, pictures) -> list:
    """Let mmseg's own test step predict on pictures of one size."""
    dataset = PictureDataset(pictures, segmenter.pipelines, 'mmseg')
    samples = [dataset[index][1][0] for index in range(len(pictures))]
    with DefaultScope.overwrite_default_scope('mmseg'), torch.inference_mode():
        return segmenter.model.test_step(pseudo_collate(samples))


class Toy(nn.Module):
    """A segmenter of three classes that looks at single pixels: it gives the same whichever way a picture is turned."""

    align_corners = False
    test_cfg = {}

    def __init__(self) -> None:
        super().__init__()
        self.data_preprocessor = SegDataPreProcessor(mean=[128.0] * 3, std=[64.0] * 3)
        self.mix = nn.Conv2d(3, 3, 1)
        torch.nn.init.normal_(self.mix.weight, std=2)

    def encode_decode(self, inputs, metas):
        assert all(meta['img_shape'] == inputs.shape[-2:] == meta['pad_shape'] for meta in metas)
        return self.mix(inputs)


def test_probabilities_are_those_of_upstream(segmenter, photos):
    """Upstream's predict, one by one: the same logits at the size of the file, and so the same labels."""
    found = segmenter()
    for picture, probs in zip(photos, predict(found, photos), strict=True):
        height, width = cv2.imread(str(picture.path)).shape[:2]
        assert probs.shape == (11, height, width) and probs.dtype == np.float32
        np.testing.assert_allclose(probs.sum(axis=0), 1, atol=1e-5)
        (own,) = upstream(found, [picture])
        np.testing.assert_allclose(probs, own.seg_logits.data.softmax(0).numpy(), atol=1e-5)
        np.testing.assert_array_equal(probs.argmax(axis=0), own.pred_sem_seg.data[0].numpy())


def test_a_batch_of_different_sizes_changes_nothing(segmenter, photos):
    alone, together = predict(segmenter(), photos), predict(segmenter(), photos, batch_size=5)
    assert [probs.shape for probs in together] == [probs.shape for probs in alone]
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_padding_is_cut_off_again(segmenter, photos):
    """A preprocessor that pads to multiples of 48: what it adds is no part of the picture."""
    padded = segmenter({'model.data_preprocessor.test_cfg': {'size_divisor': 48}})
    seen = []
    forward = padded.model.backbone.forward
    padded.model.backbone.forward = lambda inputs: seen.append(tuple(inputs.shape[-2:])) or forward(inputs)
    found = predict(padded, photos)
    assert seen == [(96, 96), (96, 96), (96, 48), (96, 96), (48, 96)]
    for probs, plain in zip(found, predict(segmenter(), photos), strict=True):
        assert probs.shape == plain.shape and np.abs(probs - plain).mean() < 0.05


@pytest.mark.parametrize('turns', [(0,), (0, 1, 2, 3)])
def test_views_of_a_model_that_sees_single_pixels_are_all_the_same(segmenter, photos, turns):
    """Its probabilities come back to where they were; all pictures but the last are resized by whole numbers, which
    OpenCV does in the same way along both axes."""
    photos = photos[:4]
    tta = {'tta.scales': [1.0], 'tta.flips': ['none', 'horizontal', 'vertical'], 'tta.quarter_turns': turns}
    plain, augmented = segmenter(), segmenter(tta, tta=True)
    plain.model = augmented.model = Toy().eval()
    plain._from_masks = augmented._from_masks = False
    for one, other in zip(predict(plain, photos), predict(augmented, photos, batch_size=2), strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, atol=1e-4)
    assert augmented.tta == {'scales': [1.0], 'flips': ['none', 'horizontal', 'vertical'], 'quarter_turns': list(turns)}


def test_views_are_averaged_as_probabilities(segmenter, photos):
    """The mean of what each view alone gives, the mirrored one mirrored back."""
    square = photos[:2]
    both = predict(segmenter({'tta.scales': [1.0]}, tta=True), square)
    plain = predict(segmenter({'tta.scales': [1.0], 'tta.flips': ['none']}, tta=True), square)
    mirrored = predict(segmenter({'tta.scales': [1.0], 'tta.flips': ['horizontal']}, tta=True), square)
    for mean, one, other in zip(both, plain, mirrored, strict=True):
        assert np.abs(one - other).max() > 0.01
        np.testing.assert_allclose(mean, (one + other) / 2, atol=1e-6)
    for one, other in zip(plain, predict(segmenter(), square), strict=True):
        np.testing.assert_array_equal(one, other)


def test_mask_classifiers_are_averaged_as_probabilities(segmenter, photos, monkeypatch):
    """Scores of a head that sums masks become shares of their sum in each view, and the shares are averaged."""
    found = segmenter({'tta.scales': [1.0]}, tta=True)
    found._kind['from_masks'] = True
    scores = torch.rand(11, 64, 64)
    found.model.encode_decode = lambda inputs, metas: scores[None].repeat(len(inputs), 1, 1, 1)
    (probs,) = predict(found, photos[1:2])
    shares = ((scores + 1e-6) / (scores + 1e-6).sum(0)).numpy()
    np.testing.assert_allclose(probs, (shares + shares[:, :, ::-1]) / 2, atol=1e-6)
    np.testing.assert_allclose(probs.sum(axis=0), 1, atol=1e-5)


def test_windows_that_cover_all_are_the_whole(segmenter, photos):
    windows = {'model.test_cfg.mode': 'slide', 'model.test_cfg.crop_size': (64, 70), 'model.test_cfg.stride': (20, 20)}
    for one, other in zip(predict(segmenter(), photos), predict(segmenter(windows), photos), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_windows_of_a_batch_are_those_of_upstream(segmenter, photos):
    """Upstream's slide_inference gives the same for a head that takes its size from a torch.Size."""
    windows = {'model.test_cfg.mode': 'slide', 'model.test_cfg.crop_size': (32, 40), 'model.test_cfg.stride': (20, 24)}
    found, square = segmenter(windows), photos[:2]
    for probs, result in zip(predict(found, square, batch_size=2), upstream(found, square), strict=True):
        np.testing.assert_allclose(probs, result.seg_logits.data.softmax(0).numpy(), atol=1e-5)


def test_mixed_precision_is_close(segmenter, photos):
    for one, other in zip(predict(segmenter(), photos), predict(segmenter(amp=True), photos), strict=True):
        assert other.dtype == np.float32 and 0 < np.abs(one - other).max() < 0.1
        np.testing.assert_allclose(other.sum(axis=0), 1, atol=1e-5)


@pytest.mark.parametrize(
    ('overrides', 'message'),
    [
        pytest.param({'model.test_cfg.mode': 'tiles'}, "mode is 'tiles'; give 'whole' or 'slide'", id='mode'),
        pytest.param({'model.test_cfg.mode': 'slide'}, 'crop_size is None; give .height, width.', id='no-size'),
        pytest.param(
            {'model.test_cfg': {'mode': 'slide', 'crop_size': 32, 'stride': (32, 33)}}, 'leave gaps', id='gaps'
        ),
    ],
)
def test_what_cannot_work_is_one_line(segmenter, overrides, message):
    with pytest.raises(UserError, match=message) as error:
        segmenter(overrides)
    assert 'tiny_segmenter.py: ' in str(error.value) and '\n' not in str(error.value)


def test_a_head_with_a_threshold_instead_of_two_classes_is_refused(tiny_segmenter, tmp_path):
    cfg = load_config(tiny_segmenter)
    cfg.model.decode_head.update(out_channels=1, num_classes=2)
    with DefaultScope.overwrite_default_scope('mmseg'):
        weights = MODELS.build(cfg.model).state_dict()
    meta = {'classes': ['Background', 'Trash'], 'cat_ids': [0, 1]}
    torch.save({'state_dict': weights, 'meta': meta}, tmp_path / 'c.pth')
    with pytest.raises(UserError, match=r'decode_head gives 1 channels for 2 classes; leave out_channels out'):
        Segmenter(cfg, tmp_path / 'c.pth', device='cpu')


def test_settings_of_detectors_are_not_those_of_segmenters(tiny_segmenter):
    with pytest.raises(UserError, match=r'tta\.method: unknown setting; there are scales, flips, quarter_turns'):
        load_config(tiny_segmenter, {'tta.method': 'wbf'})


def test_unreadable_pictures_have_their_reason(segmenter, photos, tmp_path):
    shutil.copy(photos[0].path, tmp_path / 'x.png')
    Path(tmp_path / 'broken.png').write_bytes(b'')
    pictures = find_pictures([str(tmp_path)])
    found = [outcome for _, outcome in segmenter().predict(pictures, batch_size=3, num_workers=1)]
    assert [isinstance(outcome, str) for outcome in found] == [False] * 5 + [True, False]
    assert torch.equal(found[-1], found[0]) or torch.allclose(found[-1], found[0], atol=1e-5)


def test_scores_are_resized_before_they_become_probabilities(segmenter, tmp_path):
    """As upstream does: softmax of the resized logits, not resized softmax."""
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((128, 128, 3), np.uint8))
    found = segmenter()
    logits = torch.randn(1, 11, 64, 64) * 5
    found.model.encode_decode = lambda inputs, metas: logits
    (probs,) = predict(found, find_pictures([str(tmp_path / 'a.png')]))
    resized = F.interpolate(logits, (128, 128), mode='bilinear', align_corners=False)[0]
    np.testing.assert_allclose(probs, resized.softmax(0).numpy(), atol=1e-6)
