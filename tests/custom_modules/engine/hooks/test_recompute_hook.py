"""Recomputed activations change memory and nothing else."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from custom_modules.engine.hooks import RecomputeHook

pytestmark = pytest.mark.fast


class Backbone(nn.Module):
    """Two stages with batch norms, one of them in a list, and a dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.5))
        self.stages = nn.ModuleList([nn.Sequential(nn.Conv2d(4, 2, 3), nn.BatchNorm2d(2, momentum=None), nn.Tanh())])

    def forward(self, x):
        return self.stages[0](self.stem(x))


def two_steps(*, recompute: bool) -> tuple[list[torch.Tensor], int]:
    """Return gradients, buffers and outputs after two pictures, and how often the first convolution ran."""
    torch.manual_seed(0)
    backbone = Backbone()
    calls = []
    backbone.stem[0].register_forward_hook(lambda *args: calls.append(1))
    if recompute:
        RecomputeHook().before_train(SimpleNamespace(plain_model=SimpleNamespace(backbone=backbone)))
    outputs = []
    for _ in range(2):
        outputs.append(backbone(torch.rand(2, 3, 8, 8)))
        outputs[-1].square().sum().backward()
    with torch.no_grad():
        backbone.eval()(torch.rand(1, 3, 8, 8))
    grads = [parameter.grad for parameter in backbone.parameters()]
    return [*grads, *(buffer.clone() for buffer in backbone.buffers()), *(x.detach() for x in outputs)], len(calls)


def test_gradients_statistics_and_outputs_are_the_same():
    plain, calls = two_steps(recompute=False)
    cheap, more_calls = two_steps(recompute=True)
    assert (calls, more_calls) == (3, 5)
    assert len(plain) == len(cheap) == 8 + 6 + 2
    for one, other in zip(plain, cheap, strict=True):
        assert torch.equal(one, other)


def test_momentum_is_put_back():
    backbone = Backbone()
    RecomputeHook().before_train(SimpleNamespace(plain_model=SimpleNamespace(backbone=backbone)))
    backbone(torch.rand(2, 3, 8, 8)).sum().backward()
    assert (backbone.stem[1].momentum, backbone.stages[0][1].momentum) == (0.1, None)
