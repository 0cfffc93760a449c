"""Torchvision's operators, called as mmcv calls its own, answer as the compiled ones did."""

import pytest
import torch
from torch.nn import functional as F

from custom_modules.ops import deform_conv, nms, roi_align, selection, vision
from custom_modules.ops.deform_conv_calls import Convolution, Geometry, Gradients
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


class Torchvision:
    """Torchvision's signatures (its csrc/ops, release 0.21 to 0.28) over the portable operators."""

    def nms(self, boxes, scores, iou_threshold):
        return nms.nms(boxes, scores, iou_threshold, 0)

    def roi_align(self, input, rois, scale, height, width, ratio, aligned):
        output = input.new_zeros(len(rois), input.size(1), height, width)
        empty = input.new_empty(0)
        roi_align.roi_align_forward(input, rois, output, empty, empty, height, width, scale, ratio, 1, aligned)
        return output

    def _roi_align_backward(self, grad, rois, scale, height, width, batch, channels, rows, columns, ratio, aligned):
        to_input = grad.new_zeros(batch, channels, rows, columns)
        empty = grad.new_empty(0)
        roi_align.roi_align_backward(grad, rois, empty, empty, to_input, height, width, scale, ratio, 1, aligned)
        return to_input

    def deform_conv2d(self, *arguments):
        call = self.convolution(*arguments)
        shape = call.shape
        output = F.conv2d(call.input, call.weight, None, shape.stride, shape.padding, shape.dilation, shape.groups)
        deform_conv.convolve(call, output)
        return output

    def _deform_conv2d_backward(self, grad, *arguments):
        call = self.convolution(*arguments)
        tensors = (call.input, call.offset, arguments[3], call.weight, call.bias)
        grads = Gradients(*(torch.zeros_like(tensor) for tensor in tensors))
        deform_conv.differentiate(call, grad, grads if call.mask is not None else grads._replace(mask=None))
        return grads.input, grads.weight, grads.offset, grads.mask, grads.bias

    def convolution(self, input, weight, offset, mask, bias, *numbers):
        *pairs, groups, deform_groups, use_mask = numbers
        shape = Geometry(tuple(weight.shape[2:]), *zip(pairs[0::2], pairs[1::2], strict=True), groups, deform_groups)
        return Convolution(shape, input, weight, offset, mask if use_mask else None, bias)


@pytest.mark.parametrize('name', SAME)
def test_what_torchvision_is_asked_for(name, monkeypatch):
    """Where torchvision is not: the right arguments in the right places, and results where mmcv expects them."""
    asked = Torchvision()
    monkeypatch.setattr(torch.ops, 'torchvision', asked, raising=False)
    monkeypatch.setattr(vision, 'covers', lambda name, options: torch.ops.torchvision is asked)
    monkeypatch.setattr(selection, 'choose', lambda name, tensors: 'torchvision')
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
