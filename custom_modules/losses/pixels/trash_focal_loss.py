"""Focal loss over a softmax of classes."""

import torch
from mmengine.registry import MODELS
from torch import Tensor
from torch.nn import functional as F

from custom_modules.utils import UserError

from .pixel_loss import PixelwiseLoss


def softmax_focal_loss(logits: Tensor, label: Tensor, *, gamma: float = 2.0) -> Tensor:
    """Loss of each pixel: cross entropy times what the model leaves the other classes, to a power.

    Lin et al., Focal Loss for Dense Object Detection (ICCV 2017), equation 4, with the softmax for several classes:
    ``-(1 - p_t)^gamma log p_t``.

    Args:
        logits: (N, K, ...).
        label: (N, ...) int64, below K.
        gamma: From 0 on; 0 is cross entropy.

    Returns:
        (N, ...), at least 0.
    """
    cross_entropy = F.cross_entropy(logits, label, reduction='none')
    if gamma == 0:
        return cross_entropy
    # 1 - p without cancellation; the floor keeps the derivative of a power below 1 finite for sure pixels.
    others = (-torch.expm1(-cross_entropy)).clamp(min=torch.finfo(cross_entropy.dtype).eps)
    return others**gamma * cross_entropy


@MODELS.register_module()
class TrashFocalLoss(PixelwiseLoss):
    """Train pixels by :func:`softmax_focal_loss`.

    Upstream's ``FocalLoss`` of mmseg trains sigmoids, whose probabilities are not those that segmenters predict, and
    on a CPU ends in an error for every label map.

    Args:
        gamma: See :func:`softmax_focal_loss`.
        loss_name: See :class:`PixelLoss`.
        **kwargs: Of :class:`PixelwiseLoss`; the paper's alpha is ``class_weight``.

    Raises:
        UserError: ``gamma`` is negative.
    """

    def __init__(self, gamma: float = 2.0, *, loss_name: str = 'loss_focal', **kwargs) -> None:
        super().__init__(loss_name=loss_name, **kwargs)
        if gamma < 0:
            raise UserError(f'TrashFocalLoss: gamma={gamma}: must be at least 0, 2 is usual')
        self.gamma = gamma

    def losses(self, logits: Tensor, label: Tensor) -> Tensor:
        """See :func:`softmax_focal_loss`."""
        return softmax_focal_loss(logits, label, gamma=self.gamma)
