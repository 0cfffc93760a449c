import numpy as np
import pytest
import torch
from mmcv.ops import carafe
from mmcv.ops.carafe import CARAFEPack
from torch.autograd import gradcheck

from custom_modules.ops.extension import call
from tests.custom_modules.ops import literal

CASES = {'one-group': (3, 1, 2), 'two-groups': (5, 2, 3), 'single-tap': (1, 2, 1)}


def make_tensors(kernel, groups, scale, dtype=torch.float64):
    torch.manual_seed(0)
    return torch.rand(2, 4, 3, 4, dtype=dtype), torch.rand(2, groups * kernel**2, 3 * scale, 4 * scale, dtype=dtype)


@pytest.mark.fast
@pytest.mark.parametrize('case', CASES.values(), ids=CASES)
def test_agrees_with_the_literal_formula(case):
    features, masks = make_tensors(*case)
    expected = literal.carafe(features.numpy(), masks.numpy(), *case)
    np.testing.assert_allclose(carafe(features, masks, *case).numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize('case', CASES.values(), ids=CASES)
def test_gradient(case):
    tensors = [x.requires_grad_() for x in make_tensors(*case)]
    assert gradcheck(lambda *x: carafe(*x, *case), tensors, fast_mode=True)


def test_the_naive_operators_answer_alike():
    features, masks = make_tensors(*CASES['two-groups'])
    names = dict(zip(('kernel_size', 'group_size', 'scale_factor'), CASES['two-groups'], strict=True))
    output = torch.zeros(2, 4, 9, 12, dtype=torch.float64)
    call('carafe_naive_forward', features, masks, output, **names)
    leaves = [features.requires_grad_(), masks.requires_grad_()]
    expected = carafe(*leaves, *CASES['two-groups'])
    grads = [torch.zeros_like(x) for x in leaves]
    call('carafe_naive_backward', torch.ones_like(output), *(x.detach() for x in leaves), *grads, **names)
    assert torch.equal(output, expected)
    assert all(torch.equal(*pair) for pair in zip(grads, torch.autograd.grad(expected.sum(), leaves), strict=True))


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision(dtype):
    leaves = [x.to(dtype).requires_grad_() for x in make_tensors(*CASES['one-group'])]
    result = carafe(*leaves, *CASES['one-group'])
    assert torch.equal(result, carafe(*(x.float() for x in leaves), *CASES['one-group']).to(dtype))
    result.sum().backward()
    assert all(x.grad.dtype == dtype and x.grad.any() for x in leaves)


def test_the_module_trains():
    module = CARAFEPack(8, scale_factor=2)
    module(torch.rand(1, 8, 5, 5)).square().sum().backward()
    assert all(x.grad.any() for x in module.parameters())
