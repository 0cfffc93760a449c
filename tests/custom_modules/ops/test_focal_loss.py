import math

import numpy as np
import pytest
import torch
from mmcv.ops import sigmoid_focal_loss, softmax_focal_loss
from torch import tensor
from torch.autograd import gradcheck

from tests.custom_modules.ops import literal

LOSSES = {'sigmoid': sigmoid_focal_loss, 'softmax': softmax_focal_loss}
LITERAL = {'sigmoid': literal.sigmoid_focal_loss, 'softmax': literal.softmax_focal_loss}


@pytest.mark.fast
def test_hand_worked_values():
    # p = 1/2: the positive 0.25 * (1/2)^2 * ln 2, the negative 0.75 * (1/2)^2 * ln 2.
    result = sigmoid_focal_loss(torch.zeros(1, 2), tensor([1]), 2.0, 0.25, None, 'none')
    torch.testing.assert_close(result, tensor([[0.75, 0.25]]) * 0.25 * math.log(2))
    # p = 1/4: 0.25 * (3/4)^2 * ln 4.
    result = softmax_focal_loss(torch.zeros(1, 4), tensor([2]), 2.0, 0.25, None, 'none')
    torch.testing.assert_close(result, tensor([0.25 * 0.5625 * math.log(4)]))


@pytest.mark.parametrize('name', LOSSES)
@pytest.mark.parametrize('gamma', [0.0, 1.0, 2.0, 0.5])
@pytest.mark.parametrize('weighted', [True, False], ids=['weighted', 'plain'])
def test_agrees_with_the_literal_formula(name, gamma, weighted):
    torch.manual_seed(0)
    logits = torch.randn(6, 4, dtype=torch.float64) * 4
    target = tensor([0, 1, 2, 3, 1, 4 if name == 'sigmoid' else -1])  # the last one is background
    weight = torch.rand(4, dtype=torch.float64) if weighted else None
    result = LOSSES[name](logits.clone(), target, gamma, 0.3, weight, 'none')
    expected = LITERAL[name](logits.numpy(), target.numpy(), gamma, 0.3, weight.numpy() if weighted else None)
    np.testing.assert_allclose(result.numpy(), expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize('name', LOSSES)
@pytest.mark.parametrize('gamma', [0.0, 1.0, 2.0])
@pytest.mark.parametrize('reduction', ['mean', 'sum'])
def test_gradient(name, gamma, reduction):
    torch.manual_seed(0)
    logits = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    weight = torch.rand(3, dtype=torch.float64)
    assert gradcheck(lambda x: LOSSES[name](x, tensor([0, 1, 2, 1, 0]), gamma, 0.3, weight, reduction), logits)


@pytest.mark.fast
@pytest.mark.parametrize('dtype', [torch.float32, torch.float16, torch.bfloat16])
def test_sure_mistakes_cost_what_the_formula_says(dtype):
    """A sigmoid rounds to 1 at 17 already; the loss of a negative there is 0.75 * 20."""
    logits = tensor([[20.0], [-60.0]], dtype=dtype).requires_grad_()
    loss = sigmoid_focal_loss(logits, tensor([1, 0]), 2.0, 0.25, None, 'none')
    torch.testing.assert_close(loss, tensor([[15.0], [15.0]], dtype=dtype))
    loss.sum().backward()
    torch.testing.assert_close(logits.grad, tensor([[0.75], [-0.25]], dtype=dtype))


@pytest.mark.parametrize('name', LOSSES)
@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision(name, dtype):
    logits = torch.randn(6, 4).to(dtype)
    target = tensor([0, 1, 2, 3, 1, 0])
    result = LOSSES[name](logits, target, 2.0, 0.25, None, 'sum')
    expected = LOSSES[name](logits.float(), target, 2.0, 0.25, None, 'sum')
    torch.testing.assert_close(result.float(), expected, rtol=0.02, atol=0.01)


def test_nothing_to_classify():
    logits = torch.zeros(0, 3, requires_grad=True)
    loss = sigmoid_focal_loss(logits, torch.zeros(0, dtype=torch.long), 2.0, 0.25, None, 'sum')
    loss.backward()
    assert loss.item() == 0
    assert logits.grad.shape == (0, 3)
