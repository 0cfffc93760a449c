"""Low memory for backbones that have no activation checkpointing of their own."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from ...models.norms import EvoNormB0


@HOOKS.register_module()
class RecomputeHook(Hook):
    """Keep no activations inside the stages of the backbone; the backward pass computes them again.

    With upstream's ``activation_checkpointing`` a backbone learns nothing, because its input needs no gradient, and
    its batch norms take every picture into their statistics twice.
    """

    def before_train(self, runner) -> None:
        """Wrap the stages of the model's backbone."""
        for stage in stages(runner.plain_model.backbone):
            stage.forward = recomputed(stage)


def stages(backbone: nn.Module) -> Iterator[nn.Module]:
    """Yield the parts of a backbone that are called one after the other."""
    for child in backbone.children():
        yield from child if isinstance(child, nn.ModuleList) else [child]


def recomputed(module: nn.Module) -> Callable[..., Any]:
    """Return a module's forward that keeps its input only; the result, gradients and statistics are the same."""
    forward = module.forward

    @functools.wraps(forward)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if not torch.is_grad_enabled():
            return forward(*args, **kwargs)
        contexts = functools.partial(_contexts, module)
        return checkpoint(forward, *args, use_reentrant=False, context_fn=contexts, **kwargs)

    return wrapper


def _contexts(module: nn.Module) -> tuple[Any, Any]:
    return nullcontext(), _frozen_statistics(module)


@contextmanager
def _frozen_statistics(module: nn.Module) -> Iterator[None]:
    """Leave the running statistics of batch norms, and of what averages like them, as they are."""
    norms = [norm for norm in module.modules() if _averages(norm)]
    before = [(norm.momentum, getattr(norm, 'num_batches_tracked', None)) for norm in norms]
    before = [(momentum, None if count is None else count.clone()) for momentum, count in before]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, (momentum, count) in zip(norms, before, strict=True):
            norm.momentum = momentum
            if count is not None:
                norm.num_batches_tracked.copy_(count)


def _averages(norm: nn.Module) -> bool:
    return isinstance(norm, EvoNormB0) or (isinstance(norm, _BatchNorm) and norm.track_running_stats)
