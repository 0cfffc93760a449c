"""Cross entropy of the hardest pixels: OHEM and top-k."""

from math import ceil, log

import torch
from mmengine.registry import MODELS
from torch import Tensor

from custom_modules.utils import UserError

from .trash_cross_entropy_loss import TrashCrossEntropyLoss


def hard_pixels(losses: Tensor, valid: Tensor, *, min_kept: float, thresh: float | None = None) -> Tensor:
    """Say which pixels are hard.

    Shrivastava et al., Training Region-based Object Detectors with Online Hard Example Mining (CVPR 2016), for pixels
    as Wu et al. have it, Bridging Category-level and Instance-level Semantic Image Segmentation (2016), section 3.2.

    Args:
        losses: (...) cross entropies.
        valid: (...) bool, what is not ignored.
        min_kept: Share of the valid pixels that is hard in any case, above 0, up to 1.
        thresh: Pixels whose class has a probability below it are hard, too; None for the share alone.

    Returns:
        (...) bool; of equally hard pixels all.
    """
    candidates = losses[valid]
    if not len(candidates):
        return valid
    bound = candidates.topk(ceil(min_kept * len(candidates)), sorted=False).values.min()
    if thresh is not None:
        bound = bound.clamp(max=-log(thresh))
    return valid & (losses >= bound)


@MODELS.register_module()
class TrashOhemLoss(TrashCrossEntropyLoss):
    """Cross entropy averaged over the :func:`hard_pixels` of a batch.

    Upstream's ``OhemCrossEntropy`` of mmseg cannot be called by a decode head other than PIDNet's, is NaN where all
    pixels are equally easy, and its number of pixels means another share for each size of pictures.  Upstream's
    ``OHEMPixelSampler`` chooses the same pixels, but the mean stays one over all, so that the loss shrinks with them.

    Args:
        min_kept: See :func:`hard_pixels`.
        thresh: See :func:`hard_pixels`.
        loss_name: See :class:`PixelLoss`.
        **kwargs: Of :class:`PixelwiseLoss`.

    Raises:
        UserError: ``min_kept`` or ``thresh`` is none.
    """

    def __init__(
        self, *, min_kept: float = 0.1, thresh: float | None = 0.7, loss_name: str = 'loss_ohem', **kwargs
    ) -> None:
        super().__init__(loss_name=loss_name, **kwargs)
        if not 0 < min_kept <= 1:
            raise UserError(f'TrashOhemLoss: min_kept={min_kept}: must be a share in (0, 1], 0.1 is usual')
        if thresh is not None and not 0 < thresh <= 1:
            raise UserError(f'TrashOhemLoss: thresh={thresh}: must be a probability in (0, 1], or None for the share')
        self.min_kept, self.thresh = min_kept, thresh

    def chosen(self, losses: Tensor, factors: Tensor) -> Tensor:
        """See :func:`hard_pixels`."""
        return hard_pixels(losses, factors > 0, min_kept=self.min_kept, thresh=self.thresh).to(torch.float32)
