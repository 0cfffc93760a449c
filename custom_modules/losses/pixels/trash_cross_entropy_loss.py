"""Cross entropy of pixels, with class weights."""

from mmengine.registry import MODELS
from torch import Tensor
from torch.nn import functional as F

from .pixel_loss import PixelwiseLoss


@MODELS.register_module()
class TrashCrossEntropyLoss(PixelwiseLoss):
    """Softmax cross entropy that may have class weights, averaged over the pixels that are not ignored.

    Without class weights upstream's ``CrossEntropyLoss(avg_non_ignore=True)`` does the same.  With them upstream's ends
    in an IndexError if it is to average over what is not ignored.

    Args:
        loss_name: See :class:`PixelLoss`.
        **kwargs: Of :class:`PixelwiseLoss`: ``class_weight``, ``loss_weight``, ...
    """

    def __init__(self, *, loss_name: str = 'loss_ce', **kwargs) -> None:
        super().__init__(loss_name=loss_name, **kwargs)

    def losses(self, logits: Tensor, label: Tensor) -> Tensor:
        """Give the cross entropy of each pixel."""
        return F.cross_entropy(logits, label, reduction='none')
