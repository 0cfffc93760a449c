"""Sigmoid and softmax focal loss.

Lin et al., Focal Loss for Dense Object Detection (ICCV 2017), equation 5, with
the softmax in place of the sigmoid for the second.  Logarithms are taken of
the logits, so that confident predictions lose no digits.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from .precision import widen


def sigmoid_focal_loss_forward(
    input: Tensor, target: Tensor, weight: Tensor, output: Tensor, gamma: float, alpha: float
) -> None:
    """Loss of each class on its own.

    Args:
        input: (N, C) logits.
        target: (N,) int64 class; any number outside [0, C) is background.
        weight: (C,) factor by the target's class (1 for background), or empty.
        output: (N, C), written.
        gamma: Exponent that plays down easy examples.
        alpha: Factor of the positives; that of the negatives is ``1 - alpha``.
    """
    logits, positive = widen(input), _is_target(input, target)
    signed = torch.where(positive, logits, -logits)  # the logit of being right
    loss = -(torch.sigmoid(-signed) ** gamma) * F.logsigmoid(signed)
    output.copy_(loss * _balance(positive, alpha, logits) * _class_weight(weight, target, logits))


def sigmoid_focal_loss_backward(
    input: Tensor, target: Tensor, weight: Tensor, grad_input: Tensor, gamma: float, alpha: float
) -> None:
    """Derivative of each element of `sigmoid_focal_loss_forward` by its logit.

    Args:
        input: As in `sigmoid_focal_loss_forward`, like all that is not named here.
        grad_input: (N, C), written.
    """
    logits, positive = widen(input), _is_target(input, target)
    signed = torch.where(positive, logits, -logits)
    right, wrong = torch.sigmoid(signed), torch.sigmoid(-signed)
    slope = wrong**gamma * (gamma * right * F.logsigmoid(signed) - wrong)
    slope = torch.where(positive, slope, -slope)
    grad_input.copy_(slope * _balance(positive, alpha, logits) * _class_weight(weight, target, logits))


def softmax_focal_loss_forward(
    input: Tensor, target: Tensor, weight: Tensor, output: Tensor, gamma: float, alpha: float
) -> None:
    """Loss of each row.

    Args:
        input: (N, C) probabilities, the softmax of the logits.
        target: (N,) int64 class; a negative one costs nothing.
        weight: (C,) factor by the target's class, or empty.
        output: (N,), written.
        gamma: Exponent that plays down easy examples.
        alpha: Factor of everything.
    """
    right, factor = _right(input, target, weight, alpha)
    output.copy_(-factor * (1 - right) ** gamma * _log(right))


def softmax_focal_loss_backward(
    input: Tensor, target: Tensor, weight: Tensor, buff: Tensor, grad_input: Tensor, gamma: float, alpha: float
) -> None:
    """Derivative of each element of `softmax_focal_loss_forward` by the logits of its row.

    Args:
        input: As in `softmax_focal_loss_forward`, like all that is not named here.
        buff: (N,), not used.
        grad_input: (N, C), written.
    """
    right, factor = _right(input, target, weight, alpha)
    wrong = 1 - right
    # The derivative by log p.  Near p = 1 the first term goes to 0, though its power may be infinite there.
    modulation = torch.where(wrong > 0, gamma * wrong ** (gamma - 1) * right * _log(right), 0)
    slope = factor * (modulation - wrong**gamma)
    grad_input.copy_(slope[:, None] * (_is_target(input, target).to(slope.dtype) - widen(input)))


def _is_target(input: Tensor, target: Tensor) -> Tensor:
    return torch.arange(input.size(1), device=input.device) == target[:, None]


def _balance(positive: Tensor, alpha: float, like: Tensor) -> Tensor:
    return torch.full_like(like, 1 - alpha).masked_fill_(positive, alpha)


def _class_weight(weight: Tensor, target: Tensor, like: Tensor) -> Tensor | int:
    """(N, 1) factors of the rows, 1 where the target is no class."""
    if weight.numel() == 0:
        return 1
    inside = (target >= 0) & (target < len(weight))
    return torch.where(inside, weight.to(like.dtype)[torch.where(inside, target, 0)], 1)[:, None]


def _right(input: Tensor, target: Tensor, weight: Tensor, alpha: float) -> tuple[Tensor, Tensor]:
    """(N,) probability of the true class, and factor of the row."""
    inside = target >= 0
    right = widen(input).gather(1, torch.where(inside, target, 0)[:, None])[:, 0]
    factor = inside * torch.full_like(right, alpha)
    return right, factor if weight.numel() == 0 else factor * _class_weight(weight, target, right)[:, 0]


def _log(probability: Tensor) -> Tensor:
    return probability.clamp(min=torch.finfo(torch.float32).tiny).log()
