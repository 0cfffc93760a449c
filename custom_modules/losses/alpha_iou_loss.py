"""Alpha-IoU: powers of IoU, DIoU and CIoU."""

from mmengine.registry import MODELS
from torch import Tensor

from custom_modules.utils import UserError

from .box_geometry import BASES, iou, penalties
from .box_loss import BoxLoss, one_of


def alpha_iou_loss(
    pred_xyxy: Tensor, target_xyxy: Tensor, *, base: str = 'diou', alpha: float = 3.0, eps: float = 1e-6
) -> Tensor:
    """Loss of each pair with overlap and penalties raised to a power.

    He et al., Alpha-IoU: A Family of Power Intersection over Union Losses for Bounding Box Regression (NeurIPS 2021),
    equation 4 and table 1: ``1 - IoU^alpha + (rho^2 / c^2)^alpha + (beta v)^alpha`` for CIoU; the last term is
    missing for DIoU, the last two for IoU.  With an alpha of 1 these are the losses they are made from.

    Args:
        pred_xyxy: (N, 4), pixels.
        target_xyxy: (N, 4), pixels.
        base: 'iou', 'diou' or 'ciou'.
        alpha: The power; above 1 boxes that fit well count more.
        eps: Floor of divisors.

    Returns:
        (N,), from 0 to 1, 2 or 3.
    """
    overlap = iou(pred_xyxy, target_xyxy, eps=eps)
    terms = penalties(base, pred_xyxy, target_xyxy, overlap, eps=eps)
    return 1 - overlap**alpha + sum(term**alpha for term in terms)


@MODELS.register_module()
class AlphaIoULoss(BoxLoss):
    """Train boxes by :func:`alpha_iou_loss`.

    Args:
        base: 'iou', 'diou' or 'ciou'.
        alpha: The power, 3 in the paper's experiments.
        **kwargs: Of :class:`BoxLoss`.

    Raises:
        UserError: ``base`` is unknown, or ``alpha`` below 1: the gradient would be infinite at an overlap of 0.
    """

    def __init__(self, base: str = 'diou', *, alpha: float = 3.0, **kwargs) -> None:
        super().__init__(**kwargs)
        if alpha < 1:
            raise UserError(f'AlphaIoULoss: alpha={alpha}: must be at least 1, 3 is usual')
        self.base = one_of('AlphaIoULoss: base', base, BASES)
        self.alpha = alpha

    def losses(self, pred_xyxy: Tensor, target_xyxy: Tensor) -> Tensor:
        """See :func:`alpha_iou_loss`."""
        return alpha_iou_loss(pred_xyxy, target_xyxy, base=self.base, alpha=self.alpha, eps=self.eps)
