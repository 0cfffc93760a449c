"""AdamP: AdamW whose steps do not lengthen the weights that a normalisation follows."""

import math
from collections.abc import Callable, Iterable

import torch
from mmengine.registry import OPTIMIZERS
from torch.optim import Optimizer

_TINY = 1e-16  # square of the smallest norm that is divided by


@OPTIMIZERS.register_module()
class AdamP(Optimizer):
    """Adam that leaves the radial part out of the steps of scale-invariant weights.

    "AdamP: Slowing Down the Slowdown for Momentum Optimizers on
    Scale-invariant Weights" (2021), Algorithm 2.  The arguments are those of
    the authors' release and the first four those of AdamW, so that a config
    changes ``type`` alone.

    Args:
        params: Parameters, or groups of them.
        lr: Learning rate.
        betas: Decay of the running means of the gradient and of its square.
        eps: Added to the denominator.
        weight_decay: Decoupled decay, as in AdamW.
        delta: A weight counts as scale-invariant where the cosine between it and its gradient is below ``delta``
            over the square root of its size.
        wd_ratio: Share of the decay that scale-invariant weights get.

    Raises:
        ValueError: A number is out of its range.
    """

    def __init__(
        self,
        params: Iterable,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        *,
        delta: float = 0.1,
        wd_ratio: float = 0.1,
    ) -> None:
        least = {'lr': lr, 'eps': eps, 'weight_decay': weight_decay, 'delta': delta, 'wd_ratio': wd_ratio}
        for name, value in least.items():
            if not value >= 0:
                raise ValueError(f'AdamP: {name} is {value}; give a number from 0 on')
        if not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f'AdamP: betas are {tuple(betas)}; give two numbers from 0 to below 1')
        super().__init__(params, {**least, 'betas': tuple(betas)})

    @torch.no_grad()
    def step(self, closure: Callable[[], torch.Tensor] | None = None) -> torch.Tensor | None:
        """Update every parameter that has a gradient.

        Args:
            closure: Computes the loss again; seldom needed.

        Returns:
            What the closure returned.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for weight in group['params']:
                if weight.grad is not None:
                    self._update(weight, group)
        return loss

    def _update(self, weight: torch.Tensor, group: dict) -> None:
        state = self.state[weight]
        if not state:
            state['step'] = 0
            state['exp_avg'] = torch.zeros_like(weight, memory_format=torch.preserve_format)
            state['exp_avg_sq'] = torch.zeros_like(weight, memory_format=torch.preserve_format)
        state['step'] += 1
        beta1, beta2 = group['betas']
        mean, square = state['exp_avg'], state['exp_avg_sq']
        mean.lerp_(weight.grad, 1 - beta1)
        square.mul_(beta2).addcmul_(weight.grad, weight.grad, value=1 - beta2)
        denominator = square.sqrt().div_(math.sqrt(1 - beta2 ** state['step'])).add_(group['eps'])
        direction = mean / denominator
        decay = group['lr'] * group['weight_decay']
        if weight.ndim > 1:
            invariant = remove_radial_part(direction, weight, weight.grad, delta=group['delta'])
            decay = decay * (1 - (1 - group['wd_ratio']) * invariant.to(weight.dtype))
        weight.mul_(1 - decay)
        weight.add_(direction, alpha=-group['lr'] / (1 - beta1 ** state['step']))


def remove_radial_part(
    direction: torch.Tensor, weight: torch.Tensor, gradient: torch.Tensor, *, delta: float
) -> torch.Tensor:
    """Project a step, in place, onto what is orthogonal to a weight that is scale-invariant.

    Such a weight is orthogonal to its gradient.  Each output channel is looked
    at first, and if not all of them are so, the weight as a whole.  All of it
    stays on the device: no transfer holds a GPU up.

    Args:
        direction: (C, ...) step to change.
        weight: (C, ...).
        gradient: (C, ...) of the loss by the weight.
        delta: See :class:`AdamP`.

    Returns:
        Boolean of no dimensions: whether the weight is scale-invariant.
    """
    rows, slopes, steps = (tensor.reshape(len(tensor), -1) for tensor in (weight, gradient, direction))
    # Sums over channels are the sums over the whole weight, so that both views need one pass over the elements.
    pairs = (rows, slopes), (rows, rows), (slopes, slopes), (rows, steps)
    products = torch.stack([torch.linalg.vecdot(one, other) for one, other in pairs])
    channels, whole = products, products.sum(dim=1, keepdim=True)
    by_channel = _is_orthogonal(channels, delta / math.sqrt(rows.shape[1]))
    as_whole = _is_orthogonal(whole, delta / math.sqrt(rows.numel()))
    radial = torch.where(by_channel, _radial(channels), torch.where(as_whole, _radial(whole), 0.0))
    direction.addcmul_(weight, radial.reshape(-1, *[1] * (weight.ndim - 1)), value=-1)
    return by_channel | as_whole


def _is_orthogonal(products: torch.Tensor, threshold: float) -> torch.Tensor:
    dot, weight_square, slope_square, _ = products
    cosines = dot.abs() / (weight_square * slope_square).sqrt().clamp_min(_TINY)
    return cosines.max() < threshold


def _radial(products: torch.Tensor) -> torch.Tensor:
    """Return how much of the weight the step holds."""
    return products[3] / products[1].clamp_min(_TINY)
