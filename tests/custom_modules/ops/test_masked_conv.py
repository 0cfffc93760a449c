import pytest
import torch
from mmcv.ops import masked_conv2d
from torch.nn import functional as F


@pytest.mark.fast
@pytest.mark.parametrize('kernel', [(1, 1), (3, 3), (3, 5)])
@pytest.mark.parametrize('dtype', [torch.float32, torch.float64, torch.bfloat16])
def test_is_a_convolution_at_the_chosen_places(kernel, dtype):
    torch.manual_seed(0)
    maps, weight, bias = torch.rand(1, 3, 6, 7).to(dtype), torch.rand(4, 3, *kernel).to(dtype), torch.rand(4).to(dtype)
    mask = torch.rand(1, 6, 7) > 0.6
    padding = (kernel[0] // 2, kernel[1] // 2)
    result = masked_conv2d(maps, mask, weight, bias, padding)
    expected = F.conv2d(maps, weight, bias, padding=padding) * mask
    torch.testing.assert_close(result, expected)
    assert 0 < mask.sum() < mask.numel()


def test_no_places():
    result = masked_conv2d(torch.rand(1, 3, 6, 7), torch.zeros(1, 6, 7), torch.rand(4, 3, 3, 3), torch.rand(4), 1)
    assert result.shape == (1, 4, 6, 7)
    assert not result.any()
