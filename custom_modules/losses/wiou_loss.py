"""WIoU v3: attention to boxes of ordinary quality, judged by the running mean."""

import torch
from mmengine.registry import MODELS
from torch import Tensor

from custom_modules.utils import UserError

from .box_geometry import centers, enclosing_diagonal_squared, iou
from .box_loss import BoxLoss
from .shared_statistics import SharedStatistics


def wiou_loss(
    pred_xyxy: Tensor,
    target_xyxy: Tensor,
    mean_iou_loss: Tensor | float,
    *,
    alpha: float = 1.9,
    delta: float = 3.0,
    eps: float = 1e-6,
) -> Tensor:
    """Loss of each pair: overlap, times attention to the distance, times a focus on ordinary boxes.

    Tong et al., Wise-IoU: Bounding Box Regression Loss with Dynamic Focusing Mechanism (2023), version 3:
    ``r R (1 - IoU)`` with ``R = exp(rho^2 / c^2)``, ``r = beta / (delta alpha^(beta - delta))`` and the outlier
    degree ``beta = (1 - IoU) / mean``.  In the gradient c and r are constants, as the paper has it.

    Args:
        pred_xyxy: (N, 4), pixels.
        target_xyxy: (N, 4), pixels.
        mean_iou_loss: Running mean of ``1 - IoU``, above 0.
        alpha: With ``delta``, shapes the focus; the paper's best pair is 1.9 and 3.
        delta: Outlier degree at which the factor r is 1.
        eps: Floor of divisors.

    Returns:
        (N,), at least 0.
    """
    iou_loss = 1 - iou(pred_xyxy, target_xyxy, eps=eps)
    distance = (centers(pred_xyxy) - centers(target_xyxy)).square().sum(dim=1)
    diagonal = enclosing_diagonal_squared(pred_xyxy, target_xyxy).detach().clamp(min=eps)
    outlier_degree = iou_loss.detach() / mean_iou_loss
    focus = outlier_degree / (delta * alpha ** (outlier_degree - delta))
    return focus * torch.exp(distance / diagonal) * iou_loss


@MODELS.register_module()
class WIoULoss(SharedStatistics, BoxLoss):
    """Train boxes by :func:`wiou_loss`, with a running mean that is saved and equal on all ranks.

    As in the paper the mean starts at 1 and moves by ``1 - 0.05^(1 / settle_iterations)`` of the way to the
    iteration's mean, so that 5 % of the start are left after that many iterations.  An iteration uses the mean of
    those before it.

    Args:
        alpha: See :func:`wiou_loss`.
        delta: See :func:`wiou_loss`.
        settle_iterations: The ``t n`` of the paper (epochs until the score rises slowly, times iterations per
            epoch), which it wants above 7,000.
        **kwargs: Of :class:`BoxLoss`.

    Raises:
        UserError: ``settle_iterations`` is below 1.
    """

    def __init__(self, *, alpha: float = 1.9, delta: float = 3.0, settle_iterations: float = 7000, **kwargs) -> None:
        super().__init__(**kwargs)
        if settle_iterations < 1:
            raise UserError(f'WIoULoss: settle_iterations={settle_iterations}: must be at least 1, 7000 is usual')
        self.alpha, self.delta = alpha, delta
        self.momentum = 1 - 0.05 ** (1 / settle_iterations)
        self.register_buffer('mean_iou_loss', torch.ones(()))
        self.init_statistics(2)

    def losses(self, pred_xyxy: Tensor, target_xyxy: Tensor) -> Tensor:
        """See :func:`wiou_loss`."""
        mean = self.mean_iou_loss.clone()  # the mean moves on before the backward pass
        return wiou_loss(pred_xyxy, target_xyxy, mean, alpha=self.alpha, delta=self.delta, eps=self.eps)

    def observe(self, pred_xyxy: Tensor, target_xyxy: Tensor, weight: Tensor | None) -> None:
        """Collect the IoU losses (N,) of the pairs whose weight is not 0."""
        iou_loss = 1 - iou(pred_xyxy, target_xyxy, eps=self.eps)
        counts = torch.ones_like(iou_loss) if weight is None else (weight > 0).to(iou_loss.dtype)
        self.collect(torch.stack([(iou_loss * counts).sum(), counts.sum()]))

    def absorb(self, sums: Tensor) -> None:
        """Move the mean towards that of one iteration: sum and count (2,); stays where there were no pairs."""
        total, count = sums.to(self.mean_iou_loss.dtype)
        moved = self.mean_iou_loss + self.momentum * (total / count.clamp(min=1) - self.mean_iou_loss)
        # A mean of exactly 0 (all boxes perfect) would divide by 0.
        self.mean_iou_loss.copy_(torch.where(count > 0, moved.clamp(min=self.eps), self.mean_iou_loss))
