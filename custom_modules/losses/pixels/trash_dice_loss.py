"""Dice loss per class, over what is not ignored."""

from mmengine.registry import MODELS
from torch import Tensor

from custom_modules.utils import UserError

from .overlaps import count_overlaps, mean_of_present
from .pixel_loss import PixelLoss


def dice_loss(probs: Tensor, label: Tensor, factors: Tensor, *, smooth: float = 1.0, squared: bool = False) -> Tensor:
    """One minus the Dice coefficient of each class, averaged over the classes that are there.

    Milletari et al., V-Net (3DV 2016), section 3: ``2 sum(p g) / (sum(p^2) + sum(g^2))``, by default with p instead of
    its square, as most have it since.  Sums are over all pictures of the batch.

    Args:
        probs: (N, K, H, W), from 0 to 1.
        label: (N, H, W) int64, below K.
        factors: (N, H, W), what each pixel counts; 0 where it is ignored.
        smooth: Added above and below, in pixels; above 0.
        squared: Whether as V-Net.

    Returns:
        A scalar from 0 to 1.
    """
    sums = count_overlaps(probs, label, factors, power=2 if squared else 1)
    coefficients = (2 * sums.both + smooth) / (sums.predicted + sums.labelled + smooth)
    return mean_of_present(1 - coefficients, sums.present)


@MODELS.register_module()
class TrashDiceLoss(PixelLoss):
    """Train pixels by :func:`dice_loss`.

    Upstream's ``DiceLoss`` of mmseg counts predictions on ignored pixels as false ones, costs 1 where all are ignored,
    and adds up the classes of a picture before it divides, so that Background decides alone.

    Args:
        use_sigmoid: Whether logits are sigmoids; otherwise they are a softmax over classes.
        smooth: See :func:`dice_loss`.
        squared: See :func:`dice_loss`.
        loss_name: See :class:`PixelLoss`.
        **kwargs: Of :class:`PixelLoss`.

    Raises:
        UserError: ``smooth`` is not above 0.
    """

    def __init__(
        self,
        *,
        use_sigmoid: bool = False,
        smooth: float = 1.0,
        squared: bool = False,
        loss_name: str = 'loss_dice',
        **kwargs,
    ) -> None:
        super().__init__(loss_name=loss_name, **kwargs)
        if not smooth > 0:
            raise UserError(f'TrashDiceLoss: smooth={smooth}: must be above 0, 1 is usual')
        self.use_sigmoid, self.smooth, self.squared = use_sigmoid, smooth, squared

    def loss(self, logits: Tensor, label: Tensor, factors: Tensor) -> Tensor:
        """See :func:`dice_loss`."""
        probs = logits.sigmoid() if self.use_sigmoid else logits.softmax(dim=1)
        return dice_loss(probs, label, factors, smooth=self.smooth, squared=self.squared)
