"""What all box losses share: weights, averages and precision around a loss of each pair."""

from typing import Any

from mmdet.models.losses.utils import weight_reduce_loss
from torch import Tensor, nn

from custom_modules.ops.precision import widen
from custom_modules.utils import UserError

REDUCTIONS = ('none', 'mean', 'sum')


class BoxLoss(nn.Module):
    """Base of the box losses: a subclass says what one pair of boxes costs.

    It is called as upstream's IoU losses are, by heads that compare decoded boxes (``reg_decoded_bbox=True``).

    Args:
        loss_weight: Factor of the loss.
        reduction: 'mean', 'sum' or 'none'.
        eps: Floor of divisors, in pixels or square pixels.

    Raises:
        UserError: ``reduction`` is none of these.
    """

    def __init__(self, *, loss_weight: float = 1.0, reduction: str = 'mean', eps: float = 1e-6) -> None:
        super().__init__()
        self.loss_weight = loss_weight
        self.reduction = one_of('reduction', reduction, REDUCTIONS)
        self.eps = eps

    def losses(self, pred_xyxy: Tensor, target_xyxy: Tensor) -> Tensor:
        """Give the loss of each pair: (N, 4) and (N, 4) in pixels, single precision or better, to (N,)."""
        raise NotImplementedError

    def observe(self, pred_xyxy: Tensor, target_xyxy: Tensor, weight: Tensor | None) -> None:
        """Take notes for later iterations from (N, 4), (N, 4) and (N,); most losses need none."""

    def forward(
        self,
        pred: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | None = None,
        reduction_override: str | None = None,
        **_: Any,
    ) -> Tensor:
        """Weigh and average the losses of the pairs.

        Args:
            pred: (N, 4) boxes_xyxy, pixels, of any precision.
            target: (N, 4) boxes_xyxy, pixels.
            weight: (N,), or (N, 4) of which the mean counts.
            avg_factor: What the sum is divided by, with reduction 'mean'; None for N.
            reduction_override: In place of the constructor's.

        Returns:
            The loss; 0 with a gradient of 0 where there are no pairs.
        """
        reduction = one_of('reduction_override', reduction_override or self.reduction, REDUCTIONS)
        pred, target = widen(pred), widen(target)
        if weight is not None:
            weight = widen(weight)
            weight = weight.mean(dim=1) if weight.dim() > 1 else weight
        if len(pred) == 0:
            return pred.sum(dim=1) if reduction == 'none' else pred.sum()
        loss = self.losses(pred, target)
        if self.training:
            self.observe(pred.detach(), target, weight)
        return self.loss_weight * weight_reduce_loss(loss, weight, reduction, avg_factor)

    def extra_repr(self) -> str:
        """Show the settings when printed."""
        return f'loss_weight={self.loss_weight}, reduction={self.reduction!r}'


def one_of(option: str, value: str, valid: tuple[str, ...]) -> str:
    """Return the value of an option that has a closed set of them.

    Raises:
        UserError: It is none of the valid ones; names them.
    """
    if value not in valid:
        raise UserError(f'{option}={value!r}: must be one of {", ".join(map(repr, valid))}')
    return value
