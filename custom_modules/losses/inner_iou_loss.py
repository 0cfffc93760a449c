"""Inner-IoU: the overlap of boxes shrunk or grown about their centers."""

import torch
from mmengine.registry import MODELS
from torch import Tensor

from custom_modules.utils import UserError

from .box_geometry import BASES, centers, iou, penalties, sides
from .box_loss import BoxLoss, one_of


def scale_about_center(boxes_xyxy: Tensor, ratio: float) -> Tensor:
    """Multiply both sides of boxes (N, 4) and keep their centers."""
    center, half = centers(boxes_xyxy), sides(boxes_xyxy) * (ratio / 2)
    return torch.cat([center - half, center + half], dim=1)


def inner_iou_loss(
    pred_xyxy: Tensor, target_xyxy: Tensor, *, base: str = 'diou', ratio: float = 0.75, eps: float = 1e-6
) -> Tensor:
    """Loss of each pair whose overlap is that of auxiliary boxes, while the penalties see the boxes themselves.

    Zhang et al., Inner-IoU: More Effective Intersection over Union Loss with Auxiliary Bounding Box (2023),
    ``L_inner-X = L_X + IoU - IoU_inner`` for X = IoU, DIoU, CIoU, which is ``1 - IoU_inner`` plus X's penalties.

    Args:
        pred_xyxy: (N, 4), pixels.
        target_xyxy: (N, 4), pixels.
        base: 'iou', 'diou' or 'ciou'.
        ratio: Side of the auxiliary boxes by that of the boxes: below 1 the gradient is larger where boxes fit well,
            above 1 boxes that hardly touch still get one.
        eps: Floor of divisors.

    Returns:
        (N,), from 0 to 1, 2 or 3.
    """
    overlap = iou(pred_xyxy, target_xyxy, eps=eps)
    inner = iou(scale_about_center(pred_xyxy, ratio), scale_about_center(target_xyxy, ratio), eps=eps)
    return 1 - inner + sum(penalties(base, pred_xyxy, target_xyxy, overlap, eps=eps))


@MODELS.register_module()
class InnerIoULoss(BoxLoss):
    """Train boxes by :func:`inner_iou_loss`.

    Args:
        base: 'iou', 'diou' or 'ciou'.
        ratio: Side of the auxiliary boxes by that of the boxes; the paper tries 0.5 to 1.5: 0.7 to 0.8 for objects
            of usual size, 1.1 to 1.3 for small ones.
        **kwargs: Of :class:`BoxLoss`.

    Raises:
        UserError: ``base`` is unknown, or ``ratio`` not positive.
    """

    def __init__(self, base: str = 'diou', *, ratio: float = 0.75, **kwargs) -> None:
        super().__init__(**kwargs)
        if ratio <= 0:
            raise UserError(f'InnerIoULoss: ratio={ratio}: must be positive, 0.5 to 1.5 is usual')
        self.base = one_of('InnerIoULoss: base', base, BASES)
        self.ratio = ratio

    def losses(self, pred_xyxy: Tensor, target_xyxy: Tensor) -> Tensor:
        """See :func:`inner_iou_loss`."""
        return inner_iou_loss(pred_xyxy, target_xyxy, base=self.base, ratio=self.ratio, eps=self.eps)
