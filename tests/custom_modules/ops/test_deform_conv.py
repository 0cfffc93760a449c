import pytest
import torch
from mmcv.ops import deform_conv2d, modulated_deform_conv2d
from torch.autograd import gradcheck
from torch.nn import functional as F

V1 = {  # stride, padding, dilation, groups, deform groups
    'plain': (1, 1, 1, 1, 1),
    'strided': ((2, 1), (1, 2), 1, 1, 1),
    'dilated': (1, (2, 1), (2, 1), 1, 1),
    'grouped': (1, 1, 1, 2, 4),
}


def make_tensors(shape_of_case, *, dtype=torch.float32, spread=2.0):
    stride, padding, dilation, groups, deform_groups = shape_of_case
    torch.manual_seed(0)
    maps = torch.rand(2, 4, 6, 5, dtype=dtype) - 0.5
    weight = torch.rand(6, 4 // groups, 3, 3, dtype=dtype) - 0.5
    size = F.conv2d(maps, weight, None, stride, padding, dilation, groups).shape[2:]
    offset = (torch.rand(2, 18 * deform_groups, *size, dtype=dtype) - 0.5) * spread
    mask = torch.rand(2, 9 * deform_groups, *size, dtype=dtype)
    return maps, offset, mask, weight, torch.rand(6, dtype=dtype)


@pytest.mark.fast
@pytest.mark.parametrize('case', V1.values(), ids=V1)
def test_without_offsets_it_is_a_convolution(case, implementation):
    maps, offset, mask, weight, bias = make_tensors(case)
    expected = F.conv2d(maps, weight, None, *case[:4])
    torch.testing.assert_close(deform_conv2d(maps, offset * 0, weight, *case), expected, rtol=1e-5, atol=1e-6)
    result = modulated_deform_conv2d(maps, offset * 0, mask * 0 + 0.5, weight, bias, *case)
    torch.testing.assert_close(result, expected / 2 + bias[:, None, None], rtol=1e-5, atol=1e-6)


@pytest.mark.fast
@pytest.mark.parametrize(
    ('down', 'across', 'expected'),
    [
        pytest.param(1, 0, [[3.0, 4, 5], [6, 7, 8], [0, 0, 0]], id='down'),
        pytest.param(0, -1, [[0.0, 0, 1], [0, 3, 4], [0, 6, 7]], id='left'),
        pytest.param(0.5, 0, [[1.5, 2.5, 3.5], [4.5, 5.5, 6.5], [3, 3.5, 4]], id='half-a-cell'),
        pytest.param(-1, 0, [[0.0, 0, 0], [0, 1, 2], [3, 4, 5]], id='a-whole-cell-off-the-map'),
    ],
)
def test_offsets_move_the_taps(down, across, expected, implementation):
    maps = torch.arange(9.0).view(1, 1, 3, 3)
    offset = torch.tensor([down, across], dtype=torch.float32).view(1, 2, 1, 1).expand(1, 2, 3, 3)
    result = deform_conv2d(maps, offset.contiguous(), torch.ones(1, 1, 1, 1))
    torch.testing.assert_close(result[0, 0], torch.tensor(expected))


@pytest.mark.parametrize('case', V1.values(), ids=V1)
def test_gradient_of_v1(case, implementation):
    maps, offset, _, weight, _ = (x.requires_grad_() for x in make_tensors(case, dtype=torch.float64, spread=3))
    assert gradcheck(lambda *x: deform_conv2d(*x, *case), (maps, offset, weight), fast_mode=True)


@pytest.mark.parametrize('case', [V1['plain'], V1['grouped']], ids=['plain', 'grouped'])
def test_gradient_of_v2(case, implementation):
    tensors = [x.requires_grad_() for x in make_tensors(case, dtype=torch.float64, spread=3)]
    assert gradcheck(lambda *x: modulated_deform_conv2d(*x, *case), tensors, fast_mode=True)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision(dtype, implementation):
    tensors = [x.to(dtype) for x in make_tensors(V1['plain'])]
    expected = modulated_deform_conv2d(*(x.float() for x in tensors), 1, 1)
    leaves = [x.requires_grad_() for x in tensors]
    result = modulated_deform_conv2d(*leaves, 1, 1)
    assert result.dtype == dtype
    torch.testing.assert_close(result, expected.to(dtype))
    result.sum().backward()
    assert all(x.grad.dtype == dtype and x.grad.isfinite().all() and x.grad.any() for x in leaves)


def test_pictures_need_not_fill_an_im2col_step(implementation):
    maps, offset, _, weight, _ = make_tensors(V1['plain'])
    one_by_one = torch.cat([deform_conv2d(maps[i : i + 1], offset[i : i + 1], weight, 1, 1) for i in (0, 1)])
    torch.testing.assert_close(deform_conv2d(maps, offset, weight, 1, 1, 1, 1, 1, False, 1), one_by_one)


def test_backward_is_deterministic(implementation):
    torch.manual_seed(0)
    maps, weight = torch.rand(1, 64, 12, 12, requires_grad=True), torch.rand(8, 64, 3, 3, requires_grad=True)
    offset = ((torch.rand(1, 18, 12, 12) - 0.5) * 4).requires_grad_()
    grad = torch.rand(1, 8, 12, 12)
    runs = [torch.autograd.grad(deform_conv2d(maps, offset, weight, 1, 1), (maps, offset, weight), grad) for _ in '123']
    assert all(torch.equal(runs[0][i], run[i]) for run in runs[1:] for i in range(3))


def test_offsets_of_another_size():
    maps, offset, _, weight, _ = make_tensors(V1['plain'])
    with pytest.raises(ValueError, match=r'offset .* \(2, 18, 4, 3\)'):
        deform_conv2d(maps, offset, weight)


def test_many_pictures_are_worked_on_in_parts(monkeypatch, implementation):
    maps, offset, mask, weight, bias = make_tensors(V1['plain'])
    grad = torch.rand(2, 6, 6, 5)
    results = []
    for chunk in (1 << 24, 1):
        monkeypatch.setattr('custom_modules.ops.deform_conv._CHUNK', chunk)
        leaves = [x.clone().requires_grad_() for x in (maps, offset, mask, weight, bias)]
        output = modulated_deform_conv2d(*leaves, 1, 1)
        results.append([output.detach(), *torch.autograd.grad(output, leaves, grad)])
    for pair in zip(*results, strict=True):
        torch.testing.assert_close(*pair)


def test_larger_offsets_are_read_as_they_lie_in_memory(implementation):
    """As the compiled operator does, on which DyHead relies: six of nine places of each channel's map, and so on."""
    torch.manual_seed(0)
    maps, weight = torch.rand(2, 1, 2, 3, dtype=torch.float64), torch.rand(1, 1, 1, 1, dtype=torch.float64)
    offset, mask = torch.rand(2, 3, 3, 3, dtype=torch.float64).split([2, 1], dim=1)  # slices, as DyHead makes them
    read = [part.reshape(2, -1)[:, : 6 * part.size(1)].reshape(2, -1, 2, 3) for part in (offset, mask)]
    expected = modulated_deform_conv2d(maps, *read, weight, None, 1, 0, 1, 1, 1)
    torch.testing.assert_close(modulated_deform_conv2d(maps, offset, mask, weight, None, 1, 0, 1, 1, 1), expected)
    tensors = [x.detach().clone().requires_grad_() for x in (maps, offset, mask, weight)]
    assert gradcheck(lambda *x: modulated_deform_conv2d(*x, None, 1, 0, 1, 1, 1), tensors, fast_mode=True)


def test_smaller_offsets_are_refused(implementation):
    maps, weight = torch.rand(1, 1, 4, 4), torch.rand(1, 1, 1, 1)
    with pytest.raises((ValueError, RuntimeError), match='offset'):
        modulated_deform_conv2d(maps, torch.rand(1, 2, 2, 2), torch.rand(1, 1, 2, 2), weight, None, 1, 0, 1, 1, 1)
