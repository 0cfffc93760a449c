"""AdamP step by step against a literal numpy version, its projection by hand, and its state."""

import math
from copy import deepcopy

import numpy as np
import pytest
import torch

from custom_modules.engine.optimizers.adamp import AdamP, remove_radial_part

pytestmark = pytest.mark.fast

OPTIONS = {'lr': 0.02, 'betas': (0.8, 0.95), 'eps': 1e-8, 'weight_decay': 0.1, 'delta': 0.1, 'wd_ratio': 0.3}


def literal_step(w, g, m, v, t, *, lr, betas, eps, weight_decay, delta, wd_ratio):
    """Algorithm 2 of the paper, with its check by channel and then by layer, in float64."""
    m = betas[0] * m + (1 - betas[0]) * g
    v = betas[1] * v + (1 - betas[1]) * g * g
    p = m / (np.sqrt(v) / math.sqrt(1 - betas[1] ** t) + eps)
    ratio = 1.0
    for view in ((w.shape[0], -1), (1, -1)) if w.ndim > 1 else ():
        rows, slopes = w.reshape(view), g.reshape(view)
        cosines = [abs(r @ s) / (np.linalg.norm(r) * np.linalg.norm(s)) for r, s in zip(rows, slopes, strict=True)]
        if max(cosines) < delta / math.sqrt(rows.shape[1]):
            unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
            q = p.reshape(view)
            p = (q - (unit * q).sum(1, keepdims=True) * unit).reshape(w.shape)
            ratio = wd_ratio
            break
    w = w * (1 - lr * weight_decay * ratio)
    return w - lr / (1 - betas[0] ** t) * p, m, v


def gradient(kind: str, w: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    g = rng.normal(size=w.shape)
    if kind == 'free' or w.ndim == 1:
        return g
    view = (w.shape[0], -1) if kind == 'by-channel' else (1, -1)
    rows, slopes = w.reshape(view), g.reshape(view)
    slopes = slopes - (rows * slopes).sum(1, keepdims=True) / (rows * rows).sum(1, keepdims=True) * rows
    return slopes.reshape(w.shape)


@pytest.mark.parametrize('kind', ['free', 'by-channel', 'by-layer'])
@pytest.mark.parametrize('shape', [(5,), (4, 3), (3, 2, 3, 3)], ids=['bias', 'linear', 'convolution'])
def test_twenty_steps_are_those_of_the_paper(kind, shape):
    rng = np.random.default_rng(3)
    w, m, v = rng.normal(size=shape), np.zeros(shape), np.zeros(shape)
    weight = torch.nn.Parameter(torch.from_numpy(w.copy()))
    optimizer = AdamP([weight], **OPTIONS)
    for step in range(1, 21):
        g = gradient(kind, w, rng)
        weight.grad = torch.from_numpy(g.copy())
        optimizer.step()
        w, m, v = literal_step(w, g, m, v, step, **OPTIONS)
        np.testing.assert_allclose(weight.detach().numpy(), w, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ('weight', 'gradient', 'step', 'invariant', 'expected'),
    [
        # Both rows are orthogonal to their gradients; each loses its own radial part.
        pytest.param([[3, 4], [1, 0]], [[4, -3], [0, 2]], [[1, 0], [5, 6]], True, [[0.64, -0.48], [0, 6]], id='rows'),
        # The rows' products are 1 and -1, the whole weight's 0: step . weight / |weight|^2 = 4 / 2.
        pytest.param([[1, 0], [0, 1]], [[1, 9], [9, -1]], [[1, 0], [0, 3]], True, [[-1, 0], [0, 1]], id='whole'),
        pytest.param([[1, 0], [0, 1]], [[1, 0], [0, 1]], [[1, 2], [3, 4]], False, [[1, 2], [3, 4]], id='not'),
        pytest.param([[0, 0], [0, 0]], [[1, 0], [0, 1]], [[1, 2], [3, 4]], True, [[1, 2], [3, 4]], id='no-weight'),
        pytest.param([[1, 0], [0, 1]], [[0, 0], [0, 0]], [[2, 0], [0, 5]], True, [[0, 0], [0, 0]], id='no-gradient'),
    ],
)
def test_the_radial_part_by_hand(weight, gradient, step, invariant, expected):
    weight, gradient, direction = (torch.tensor(values, dtype=torch.float64) for values in (weight, gradient, step))
    assert bool(remove_radial_part(direction, weight, gradient, delta=0.1)) is invariant
    assert direction.tolist() == [pytest.approx(row) for row in expected]


def test_without_projection_it_is_adamw():
    torch.manual_seed(0)
    start, options = torch.randn(6, 7), {'lr': 0.01, 'betas': (0.9, 0.99), 'weight_decay': 0.05}
    ours, theirs = torch.nn.Parameter(start.clone()), torch.nn.Parameter(start.clone())
    optimizers = AdamP([ours], **options, delta=0.0), torch.optim.AdamW([theirs], **options)
    for _ in range(10):
        ours.grad = theirs.grad = torch.randn(6, 7)
        for optimizer in optimizers:
            optimizer.step()
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-7)


def test_its_state_goes_on_to_the_bit():
    def trained(steps: int, optimizer: AdamP, weight: torch.nn.Parameter) -> None:
        for step in range(steps):
            weight.grad = torch.full_like(weight, 0.1 + step) * weight.detach().sin()
            optimizer.step()

    torch.manual_seed(0)
    weight = torch.nn.Parameter(torch.randn(4, 5))
    optimizer = AdamP([weight], lr=0.01, weight_decay=0.1)
    trained(3, optimizer, weight)
    copy = torch.nn.Parameter(weight.detach().clone())
    other = AdamP([copy])
    other.load_state_dict(deepcopy(optimizer.state_dict()))
    trained(3, optimizer, weight)
    trained(3, other, copy)
    assert torch.equal(weight, copy)
    assert other.state[copy]['step'] == 6


@pytest.mark.parametrize(
    'wrong', [{'lr': -1.0}, {'betas': (0.9, 1.0)}, {'weight_decay': -0.1}, {'delta': float('nan')}, {'eps': -1}]
)
def test_numbers_out_of_range_are_named(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        AdamP([torch.nn.Parameter(torch.zeros(1))], **wrong)
