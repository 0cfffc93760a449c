"""Tversky loss per class, over what is not ignored."""

from mmengine.registry import MODELS
from torch import Tensor

from custom_modules.utils import UserError

from .overlaps import count_overlaps, mean_of_present
from .pixel_loss import PixelLoss


def tversky_loss(
    probs: Tensor, label: Tensor, factors: Tensor, *, alpha: float = 0.3, beta: float = 0.7, smooth: float = 1.0
) -> Tensor:
    """One minus the Tversky index of each class, averaged over the classes that are there.

    Salehi et al., Tversky Loss Function for Image Segmentation Using 3D Fully Convolutional Deep Networks (MLMI 2017),
    equation 3: ``TP / (TP + alpha FP + beta FN)``; 0.5 and 0.5 is Dice.  Sums are over all pictures of the batch.

    Args:
        probs: (N, K, H, W), from 0 to 1.
        label: (N, H, W) int64, below K.
        factors: (N, H, W), what each pixel counts; 0 where it is ignored.
        alpha: Weight of false positives.
        beta: Weight of false negatives; above ``alpha`` for classes that are rather missed than invented.
        smooth: Added above and below, in pixels; above 0.

    Returns:
        A scalar from 0 to 1.
    """
    sums = count_overlaps(probs, label, factors)
    wrong = alpha * (sums.predicted - sums.both) + beta * (sums.labelled - sums.both)
    return mean_of_present(1 - (sums.both + smooth) / (sums.both + wrong + smooth), sums.present)


@MODELS.register_module()
class TrashTverskyLoss(PixelLoss):
    """Train pixels by :func:`tversky_loss`.

    Upstream's ``TverskyLoss`` of mmseg ignores 255, too, but charges nearly 1 for each class a picture does not show
    (a thousandth of the probability on 512 x 512 pixels is 262 false ones), ignores what a pixel sampler says, and
    adds up bfloat16.

    Args:
        alpha: See :func:`tversky_loss`.
        beta: See :func:`tversky_loss`.
        smooth: See :func:`tversky_loss`.
        loss_name: See :class:`PixelLoss`.
        **kwargs: Of :class:`PixelLoss`.

    Raises:
        UserError: ``smooth`` is not above 0, or a weight negative.
    """

    def __init__(
        self,
        *,
        alpha: float = 0.3,
        beta: float = 0.7,
        smooth: float = 1.0,
        loss_name: str = 'loss_tversky',
        **kwargs,
    ) -> None:
        super().__init__(loss_name=loss_name, **kwargs)
        if not smooth > 0:
            raise UserError(f'TrashTverskyLoss: smooth={smooth}: must be above 0, 1 is usual')
        if min(alpha, beta) < 0:
            raise UserError(f'TrashTverskyLoss: alpha={alpha}, beta={beta}: must be at least 0')
        self.alpha, self.beta, self.smooth = alpha, beta, smooth

    def loss(self, logits: Tensor, label: Tensor, factors: Tensor) -> Tensor:
        """See :func:`tversky_loss`."""
        probs = logits.softmax(dim=1)
        return tversky_loss(probs, label, factors, alpha=self.alpha, beta=self.beta, smooth=self.smooth)
