"""Lovasz-Softmax over what is not ignored."""

import torch
from mmengine.registry import MODELS
from mmseg.models.losses.lovasz_loss import lovasz_softmax_flat
from torch import Tensor

from .pixel_loss import PixelLoss


@MODELS.register_module()
class TrashLovaszLoss(PixelLoss):
    """Upstream's Lovasz-Softmax, averaged over the classes that are there.

    Berman et al., The Lovasz-Softmax Loss (CVPR 2018), equations 9 and 11.  Upstream's ``LovaszLoss`` of mmseg uses the
    same function, but fails where one pixel alone is not ignored, and where none is it returns an empty tensor, or NaN
    with ``per_image``.

    Args:
        per_image: Whether each picture has an IoU of its own; otherwise the batch has one.
        loss_name: See :class:`PixelLoss`.
        **kwargs: Of :class:`PixelLoss`; pixels of weight 0 are left out, other weights count as 1.
    """

    def __init__(self, *, per_image: bool = False, loss_name: str = 'loss_lovasz', **kwargs) -> None:
        super().__init__(loss_name=loss_name, **kwargs)
        self.per_image = per_image

    def loss(self, logits: Tensor, label: Tensor, factors: Tensor) -> Tensor:
        """Average the losses of the pictures, or of the batch as one; 0 where nothing counts."""
        probs = logits.float().softmax(dim=1).movedim(1, -1)  # upstream's sums are in single precision
        parts = zip(probs, label, factors, strict=True) if self.per_image else [(probs, label, factors)]
        losses = [
            lovasz_softmax_flat(one_probs[counts > 0], one_label[counts > 0])
            for one_probs, one_label, counts in parts
            if (counts > 0).any()
        ]
        return torch.stack(losses).mean() if losses else 0 * logits.sum()
