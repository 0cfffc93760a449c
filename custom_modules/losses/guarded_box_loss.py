"""Upstream's box losses without their undefined points."""

import torch
from mmdet.registry import MODELS as DETECTION_MODELS
from mmengine.registry import MODELS
from torch import Tensor

from .box_geometry import area
from .box_loss import BoxLoss


@MODELS.register_module()
class GuardedBoxLoss(BoxLoss):
    """Train boxes by an IoU loss of mmdet; pairs for which that is 0 / 0, or without any area, cost nothing.

    ``CIoULoss`` is not a number for a box that fits exactly (its trade-off is 0 / 0 there), ``SIoULoss`` for two boxes
    without width; one such pair would make every weight of the model NaN.  Two boxes without area give all of
    upstream's losses a gradient in the ten millions.

    Args:
        loss: Config of the loss, such as ``dict(type='CIoULoss')``.
        **kwargs: Of :class:`BoxLoss`; the weight and reduction of ``loss`` itself do not count.
    """

    def __init__(self, loss: dict, **kwargs) -> None:
        super().__init__(**kwargs)
        self.loss = DETECTION_MODELS.build({**loss, 'loss_weight': 1.0})

    def losses(self, pred_xyxy: Tensor, target_xyxy: Tensor) -> Tensor:
        """Give upstream's loss (N,) of pairs (N, 4) where it is a number with a derivative, else 0."""
        has_area = area(pred_xyxy) + area(target_xyxy) > self.eps
        if pred_xyxy.requires_grad:
            pred_xyxy = pred_xyxy.clone()  # the hook belongs to this use of the boxes only
            pred_xyxy.register_hook(_numbers)
        return torch.where(has_area, _numbers(self.loss(pred_xyxy, target_xyxy, reduction_override='none')), 0)


def _numbers(values: Tensor) -> Tensor:
    return torch.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
