"""Torchvision's operators, called as mmcv calls its own, answer as the compiled ones did."""

import pytest
import torch

from custom_modules.ops import selection, vision
from custom_modules.ops.extension import call
from tests.custom_modules.ops.cases import CONVOLUTIONS, NMS, ROI_ALIGN, run
from tests.custom_modules.ops.test_reference import load_reference

SAME = [
    *(name for name, options in NMS.items() if options['offset'] == 0),
    *(name for name, options in ROI_ALIGN.items() if options['pool_mode'] == 1),
    *CONVOLUTIONS,
]


@pytest.mark.parametrize('name', SAME)
def test_answers_as_the_compiled_operator(name, monkeypatch):
    if selection.torchvision()[0] is None:
        pytest.skip(selection.torchvision()[1])
    monkeypatch.setenv('TRASH_OPS', 'torchvision')
    reference = load_reference()
    for result, answer in zip(run(name, call, reference['inputs']), reference['answers'][name], strict=True):
        torch.testing.assert_close(result, answer, rtol=1e-5, atol=1e-6)


@pytest.mark.fast
@pytest.mark.parametrize(
    ('name', 'options', 'covered'),
    [
        pytest.param('nms', dict(offset=0), True, id='nms'),
        pytest.param('nms', dict(offset=1), False, id='nms-with-an-offset'),
        pytest.param('softnms', dict(offset=0), False, id='soft-nms'),
        pytest.param('roi_align_forward', dict(pool_mode=1), True, id='average'),
        pytest.param('roi_align_forward', dict(pool_mode=0), False, id='maximum'),
        pytest.param('roi_pool_forward', {}, False, id='rounded-regions'),
        pytest.param('deform_conv_forward', {}, True, id='deformable-convolution'),
    ],
)
def test_only_calls_that_mean_the_same_are_covered(name, options, covered):
    assert vision.covers(name, options) is covered


@pytest.mark.fast
def test_its_atomic_backwards_are_left_out_where_determinism_is_asked_for():
    assert vision.covers('roi_align_backward', dict(pool_mode=1))
    torch.use_deterministic_algorithms(True)
    try:
        assert not vision.covers('roi_align_backward', dict(pool_mode=1))
        assert vision.covers('roi_align_forward', dict(pool_mode=1))
    finally:
        torch.use_deterministic_algorithms(False)
