import numpy as np
import pytest
import torch
from mmcv.ops import roi_pool
from torch import tensor
from torch.autograd import gradcheck

from custom_modules.ops.extension import call
from tests.custom_modules.ops import literal

ROIS = tensor([[0.0, 0, 0, 7, 5], [1, 3, 2, 12, 9], [0, -8, -6, 4, 3], [1, 40, 40, 50, 50], [0, 5, 5, 3, 9]])


@pytest.mark.fast
def test_bins_are_rounded_outwards(implementation):
    maps = torch.arange(16.0).view(1, 1, 4, 4)
    # Columns 0 to 3 in two bins of 1.5: 0 .. 1 and 1 .. 2.
    result = roi_pool(maps, tensor([[0.0, 0, 0, 2, 2]]), 2, 1.0)
    assert result[0, 0].tolist() == [[5, 6], [9, 10]]


@pytest.mark.parametrize('scale', [1.0, 0.5])
def test_agrees_with_the_literal_formula(scale, implementation):
    maps = torch.rand(2, 3, 8, 9, dtype=torch.float64)
    expected = literal.roi_pool(maps.numpy(), ROIS.double().numpy(), (3, 2), scale)
    result = roi_pool(maps, ROIS.double(), (3, 2), scale)
    np.testing.assert_array_equal(result.numpy(), expected)
    assert expected[3].max() == 0
    assert expected[4].max() == 0


def test_gradient(implementation):
    torch.manual_seed(0)
    maps = torch.rand(2, 2, 5, 6, dtype=torch.float64, requires_grad=True)
    assert gradcheck(lambda x: roi_pool(x, ROIS.double(), (2, 3), 0.5), maps)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_picks_the_same_cells(dtype, implementation):
    maps = torch.rand(2, 3, 8, 9).to(dtype).requires_grad_()
    result = roi_pool(maps, ROIS, 2, 1.0)
    result.sum().backward()
    assert torch.equal(result, roi_pool(maps.float(), ROIS, 2, 1.0).to(dtype))
    assert maps.grad.dtype == dtype


def test_empty_bins_are_marked(implementation):
    output, argmax = torch.zeros(5, 1, 2, 2), torch.zeros(5, 1, 2, 2, dtype=torch.int)
    options = dict(pooled_height=2, pooled_width=2, spatial_scale=1.0)
    call('roi_pool_forward', torch.rand(2, 1, 8, 9), ROIS, output, argmax, **options)
    assert (argmax[3:] == -1).all()
    assert (argmax[:2] >= 0).all()


def test_no_regions(implementation):
    maps = torch.rand(1, 2, 5, 5, requires_grad=True)
    result = roi_pool(maps, ROIS[:0], 2, 1.0)
    result.sum().backward()
    assert result.shape == (0, 2, 2, 2)
    assert maps.grad.abs().sum() == 0
