"""MPDIoU: overlap, and the distances of the two corners that define a box."""

from collections.abc import Sequence

from mmengine.registry import MODELS
from torch import Tensor

from custom_modules.utils import UserError

from .box_geometry import enclosing_diagonal_squared, iou
from .box_loss import BoxLoss


def mpdiou_loss(
    pred_xyxy: Tensor, target_xyxy: Tensor, *, diagonal_squared: Tensor | float, eps: float = 1e-6
) -> Tensor:
    """Loss of each pair by overlap and corner distances.

    Ma and Xu, MPDIoU: A Loss for Efficient and Accurate Bounding Box Regression (2023), equations 8 to 12:
    ``1 - IoU + d1^2 / (w^2 + h^2) + d2^2 / (w^2 + h^2)`` with the distances d1 and d2 of the upper left and of the
    lower right corners, and the sides w and h of the input picture.

    Args:
        pred_xyxy: (N, 4), pixels.
        target_xyxy: (N, 4), pixels.
        diagonal_squared: ``w^2 + h^2``, one for all or (N,), square pixels.
        eps: Smallest union, square pixels.

    Returns:
        (N,), from 0 to 3 for boxes inside the picture.
    """
    corners = (pred_xyxy - target_xyxy).square().sum(dim=1)
    return 1 - iou(pred_xyxy, target_xyxy, eps=eps) + corners / diagonal_squared


@MODELS.register_module()
class MPDIoULoss(BoxLoss):
    """Train boxes by :func:`mpdiou_loss`.

    A head does not tell its loss how large the picture was, and in multi-scale training that changes from picture to
    picture: the size is a setting here, that of the typical training picture.  The corner term is small (on 1024 px,
    corners off by 30 px cost 0.0009), so that the exact size matters little.  Without a size each pair is measured
    by the diagonal of its enclosing box: another loss than the paper's, with a larger corner term that does not
    depend on the scale.

    Args:
        picture_size: Width and height of the training pictures, pixels; None for the enclosing box.
        **kwargs: Of :class:`BoxLoss`.

    Raises:
        UserError: ``picture_size`` is not two positive numbers.
    """

    def __init__(self, picture_size: Sequence[float] | None = None, **kwargs) -> None:
        super().__init__(**kwargs)
        if picture_size is not None and (len(picture_size) != 2 or min(picture_size) <= 0):
            raise UserError(f'MPDIoULoss: picture_size={picture_size}: give width and height in pixels, or None')
        self.picture_size = picture_size

    def losses(self, pred_xyxy: Tensor, target_xyxy: Tensor) -> Tensor:
        """See :func:`mpdiou_loss`."""
        if self.picture_size is None:
            diagonal = enclosing_diagonal_squared(pred_xyxy, target_xyxy).clamp(min=self.eps)
        else:
            diagonal = sum(side**2 for side in self.picture_size)
        return mpdiou_loss(pred_xyxy, target_xyxy, diagonal_squared=diagonal, eps=self.eps)
