import numpy as np
import pytest
import torch
from mmcv.ops import multi_scale_deform_attn as module
from mmcv.ops.multi_scale_deform_attn import MultiScaleDeformableAttention, MultiScaleDeformableAttnFunction
from torch.autograd import gradcheck

from custom_modules import ops
from tests.custom_modules.ops import literal

SHAPES = [(4, 5), (2, 3)]


def make_tensors(dtype=torch.float64):
    """Values of 2 levels, 3 heads of 4 channels; 5 queries with 2 points each, some of them off the map."""
    torch.manual_seed(0)
    value = torch.randn(2, 26, 3, 4, dtype=dtype)
    locations = torch.rand(2, 5, 3, 2, 2, 2, dtype=dtype) * 1.4 - 0.2
    weights = torch.rand(2, 5, 3, 2, 2, dtype=dtype)
    return value, locations, weights


def attend(value, locations, weights):
    shapes, starts = torch.tensor(SHAPES), torch.tensor([0, 20])
    return MultiScaleDeformableAttnFunction.apply(value, shapes, starts, locations, weights, 64)


@pytest.mark.fast
def test_agrees_with_the_literal_formula(implementation):
    value, locations, weights = make_tensors()
    expected = literal.deformable_attention(value.numpy(), SHAPES, locations.numpy(), weights.numpy())
    np.testing.assert_allclose(attend(value, locations, weights).numpy(), expected, rtol=1e-12, atol=1e-13)


def test_gradient(implementation):
    tensors = [x.requires_grad_() for x in make_tensors()]
    assert gradcheck(attend, tensors, fast_mode=True)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision(dtype, implementation):
    tensors = [x.to(dtype) for x in make_tensors()]
    expected = attend(*(x.double() for x in tensors))
    leaves = [x.requires_grad_() for x in tensors]
    result = attend(*leaves)
    assert result.dtype == dtype
    torch.testing.assert_close(result.double(), expected, rtol=0.02, atol=0.02)
    result.sum().backward()
    assert all(x.grad.dtype == dtype and x.grad.any() for x in leaves)


def test_upstream_in_tensor_operations_agrees(implementation):
    value, locations, weights = make_tensors()
    upstream = module.multi_scale_deformable_attn_pytorch.__wrapped__
    expected = upstream(value, torch.tensor(SHAPES), locations, weights)
    torch.testing.assert_close(attend(value, locations, weights), expected)


@pytest.mark.fast
@pytest.mark.parametrize('kind', ['float32', 'autocast', 'bfloat16', 'bfloat16-but-places'])
def test_the_module_trains(kind, monkeypatch):
    monkeypatch.delenv('TRASH_OPS', raising=False)
    torch.manual_seed(0)
    attention = MultiScaleDeformableAttention(embed_dims=32, num_heads=4, num_levels=2, batch_first=True, dropout=0.0)
    query, value, points = torch.rand(2, 6, 32), torch.rand(2, 26, 32), torch.rand(2, 6, 2, 2)
    options = dict(spatial_shapes=torch.tensor(SHAPES), level_start_index=torch.tensor([0, 20]))
    expected = attention(query, value=value, reference_points=points, **options).detach()
    dtype = torch.bfloat16 if kind.startswith('bfloat16') else torch.float32
    points = points.to(dtype if kind == 'bfloat16' else torch.float32)
    with torch.autocast('cpu', dtype=torch.bfloat16, enabled=kind == 'autocast'):
        result = attention.to(dtype)(query.to(dtype), value=value.to(dtype), reference_points=points, **options)
    torch.testing.assert_close(result.float(), expected, atol=0.03 if kind != 'float32' else 0, rtol=0.03)
    result.float().sum().backward()
    assert all(x.grad.isfinite().all() for x in attention.parameters())
    assert attention.value_proj.weight.grad.any()


def test_the_module_uses_our_operator(monkeypatch):
    calls = []
    monkeypatch.delenv('TRASH_OPS', raising=False)
    monkeypatch.setattr(
        'custom_modules.ops.ms_deform_attn.ms_deform_attn_forward',
        lambda value, *args, **kwargs: calls.append(len(args)) or value.new_zeros(2, 5, 12),
    )
    value, locations, weights = make_tensors()
    module.multi_scale_deformable_attn_pytorch(value, SHAPES, locations, weights)
    assert calls == [4]


def test_routing_twice_changes_nothing():
    before = module.multi_scale_deformable_attn_pytorch
    ops.route_attention()
    assert module.multi_scale_deformable_attn_pytorch is before
