"""Impossible settings are refused when a pipeline is built, by name."""

import pytest

from custom_modules.transforms import (
    CutMix,
    MultiScaleResize,
    TrashCopyPaste,
    TrashMixUp,
    TrashMosaic,
    TrashSegCopyPaste,
)

MIXING = [TrashMosaic, TrashMixUp, TrashCopyPaste, CutMix, TrashSegCopyPaste]


@pytest.mark.fast
@pytest.mark.parametrize(
    ('transform', 'setting', 'wrong'),
    [
        (TrashMosaic, 'prob', 1.5),
        (TrashMosaic, 'min_visible', -0.1),
        (TrashMosaic, 'center_ratio_range', (1.5, 0.5)),
        (TrashMixUp, 'prob', -1),
        (TrashMixUp, 'flip_ratio', 2),
        (TrashMixUp, 'ratio_range', (0, 1)),
        (TrashCopyPaste, 'prob', 50),
        (TrashCopyPaste, 'max_hidden', 1.01),
        (TrashCopyPaste, 'scale', (0, 1)),
        (TrashCopyPaste, 'num_objects', (3, 1)),
        (CutMix, 'prob', 2),
        (CutMix, 'alpha', 0),
        (TrashSegCopyPaste, 'min_pixels', 0),
        (TrashSegCopyPaste, 'num_objects', (-1, 1)),
        (TrashSegCopyPaste, 'scale', (2, 1)),
    ],
    ids=lambda value: getattr(value, '__name__', str(value)),
)
def test_an_impossible_setting_is_named(transform, setting, wrong):
    with pytest.raises(ValueError, match=f'{transform.__name__}: {setting} is'):
        transform(**{setting: wrong})


@pytest.mark.fast
@pytest.mark.parametrize('prob', [0, 0.5, 1], ids=str)
@pytest.mark.parametrize('transform', MIXING, ids=lambda one: one.__name__)
def test_the_ends_of_a_range_are_allowed(transform, prob):
    assert transform(prob=prob).prob == prob


@pytest.mark.fast
def test_the_crop_of_the_multi_scale_resize():
    with pytest.raises(ValueError, match='MultiScaleResize: crop_prob is 2'):
        MultiScaleResize(squares=[64], crop_prob=2)
