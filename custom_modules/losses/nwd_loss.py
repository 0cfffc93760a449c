"""Normalised Wasserstein distance: boxes as Gaussians, for objects so small that overlap jumps from pixel to pixel."""

import torch
from mmengine.registry import MODELS
from torch import Tensor

from custom_modules.utils import UserError

from .box_geometry import centers, sides
from .box_loss import BoxLoss


def nwd_loss(pred_xyxy: Tensor, target_xyxy: Tensor, *, constant: float) -> Tensor:
    """Loss of each pair by the distance of the Gaussians that stand for the boxes.

    Wang et al., A Normalized Gaussian Wasserstein Distance for Tiny Object Detection (2021), equations 6 to 9:
    ``1 - exp(-W / C)``, W the length of the difference of the vectors ``(cx, cy, w / 2, h / 2)``.

    Args:
        pred_xyxy: (N, 4), pixels.
        target_xyxy: (N, 4), pixels.
        constant: The C of the paper, pixels.

    Returns:
        (N,) in [0, 1); the gradient of equal boxes is 0.
    """
    pred, target = (torch.cat([centers(boxes), sides(boxes) / 2], dim=1) for boxes in (pred_xyxy, target_xyxy))
    distance = torch.linalg.vector_norm(pred - target, dim=1)
    return 1 - torch.exp(-distance / constant)


@MODELS.register_module()
class NWDLoss(BoxLoss):
    """Train boxes by :func:`nwd_loss`.

    Args:
        constant: The C of the paper: the typical side (root of the mean area) of the objects in pixels of the
            training picture, 12.8 for the tiny objects of AI-TOD.  Boxes farther apart than a few times C get next
            to no gradient; twice the picture size needs twice the C.
        **kwargs: Of :class:`BoxLoss`.

    Raises:
        UserError: ``constant`` is not positive.
    """

    def __init__(self, constant: float = 12.8, **kwargs) -> None:
        super().__init__(**kwargs)
        if constant <= 0:
            raise UserError(f'NWDLoss: constant={constant}: must be positive, the typical side of an object in pixels')
        self.constant = constant

    def losses(self, pred_xyxy: Tensor, target_xyxy: Tensor) -> Tensor:
        """See :func:`nwd_loss`."""
        return nwd_loss(pred_xyxy, target_xyxy, constant=self.constant)
