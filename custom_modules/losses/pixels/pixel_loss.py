"""What all losses of pixels share: precision, ignored pixels, weights and averages."""

from typing import Any

import torch
from torch import Tensor, nn

from custom_modules.ops.precision import widen
from custom_modules.utils import UserError

from ..box_loss import REDUCTIONS, one_of


class PixelLoss(nn.Module):
    """Base of the losses of whole label maps: a subclass says what the pixels that count cost together.

    It is called as decode heads of mmseg call their losses, computes in single precision under any autocast, and is 0
    with a gradient of 0 where every pixel is ignored.

    Args:
        loss_weight: Factor of the loss.
        loss_name: What mmseg logs the loss as; without ``loss_`` at its start it would not be trained.
        ignore_index: Label that costs nothing where the caller names none.

    Raises:
        UserError: ``loss_name`` does not start with ``loss_``.
    """

    def __init__(self, *, loss_weight: float = 1.0, loss_name: str, ignore_index: int = 255) -> None:
        super().__init__()
        if not loss_name.startswith('loss_'):
            raise UserError(
                f'{type(self).__name__}: loss_name={loss_name!r}: must start with loss_, or it has no effect'
            )
        self.loss_weight = loss_weight
        self.loss_name = loss_name
        self.ignore_index = ignore_index

    def loss(self, logits: Tensor, label: Tensor, factors: Tensor) -> Tensor:
        """Calculate the loss.

        Args:
            logits: (N, K, H, W), single precision or better.
            label: (N, H, W) int64, 0 where ignored.
            factors: (N, H, W), what each pixel counts; 0 where ignored.

        Returns:
            A scalar.
        """
        raise NotImplementedError

    def forward(
        self,
        seg_logit: Tensor,
        seg_label: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | None = None,
        reduction_override: str | None = None,
        ignore_index: int | None = None,
        **_: Any,
    ) -> Tensor:
        """Calculate the loss times its weight.

        Args:
            seg_logit: (N, K, H, W) of any precision.
            seg_label: (N, H, W) int64.
            weight: (N, H, W) factors of pixels; a pixel sampler of mmseg gives 0 and 1.
            avg_factor: Only for losses of single pixels, see :class:`PixelwiseLoss`.
            reduction_override: The same; others have a single value.
            ignore_index: In place of the constructor's.

        Raises:
            UserError: Asked for values of single pixels, which this loss does not have.
        """
        if avg_factor is not None or reduction_override not in (None, 'mean'):
            raise UserError(
                f'{type(self).__name__} has no values of single pixels; an OHEMPixelSampler beside it needs a thresh'
            )
        with torch.autocast(seg_logit.device.type, enabled=False):
            value = self.loss(widen(seg_logit), *self._counted(seg_label, weight, ignore_index))
            return self.loss_weight * value

    def _counted(self, seg_label: Tensor, weight: Tensor | None, ignore_index: int | None) -> tuple[Tensor, Tensor]:
        """Give labels that are classes everywhere, and what each pixel counts."""
        valid = seg_label != (self.ignore_index if ignore_index is None else ignore_index)
        factors = valid.float() if weight is None else widen(weight) * valid
        return torch.where(valid, seg_label, 0), factors

    def extra_repr(self) -> str:
        """Show the settings when printed."""
        return f'loss_weight={self.loss_weight}, loss_name={self.loss_name!r}'


class PixelwiseLoss(PixelLoss):
    """Base of the losses that every pixel has for itself: a subclass says what one costs.

    The mean is over what is not ignored and, of losses with class weights, over the weights of those pixels, as torch's
    cross entropy has it: the size of the loss then does not depend on which classes a batch shows.

    Args:
        reduction: 'mean', 'sum' or 'none'.
        class_weight: Factor of each class; None for 1.
        **kwargs: Of :class:`PixelLoss`.

    Raises:
        UserError: ``reduction`` is none of these.
    """

    def __init__(self, *, reduction: str = 'mean', class_weight: list[float] | None = None, **kwargs) -> None:
        super().__init__(**kwargs)
        self.reduction = one_of(f'{type(self).__name__}: reduction', reduction, REDUCTIONS)
        self.class_weight = class_weight

    def losses(self, logits: Tensor, label: Tensor) -> Tensor:
        """Give the loss of each pixel: (N, K, H, W) and (N, H, W) classes to (N, H, W)."""
        raise NotImplementedError

    def class_factors(self, logits: Tensor) -> Tensor | None:
        """Give the factor of each class (K,); None where all are 1.

        Raises:
            UserError: There is not one for each class.
        """
        if self.class_weight is None:
            return None
        if len(self.class_weight) != logits.shape[1]:
            raise UserError(
                f'{type(self).__name__}: class_weight has {len(self.class_weight)} weights for {logits.shape[1]} '
                'classes; give one for each, in the order of the data set, Background first'
            )
        return logits.new_tensor(self.class_weight)

    def chosen(self, losses: Tensor, factors: Tensor) -> Tensor:
        """Say which pixels (N, H, W) the mean is over, given losses without a gradient; all that are not ignored."""
        return torch.ones_like(losses)

    def forward(
        self,
        seg_logit: Tensor,
        seg_label: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | None = None,
        reduction_override: str | None = None,
        ignore_index: int | None = None,
        **_: Any,
    ) -> Tensor:
        """Calculate the loss times its weight.

        Args:
            seg_logit: (N, K, H, W) of any precision.
            seg_label: (N, H, W) int64.
            weight: (N, H, W) factors of pixels; they do not change what the mean is over, as in upstream.
            avg_factor: What the sum is divided by, with reduction 'mean'.
            reduction_override: In place of the constructor's.
            ignore_index: In place of the constructor's.

        Returns:
            A scalar, or with reduction 'none' (N, H, W).
        """
        reduction = one_of('reduction_override', reduction_override or self.reduction, REDUCTIONS)
        with torch.autocast(seg_logit.device.type, enabled=False):
            logits = widen(seg_logit)
            label, counts = self._counted(seg_label, None, ignore_index)
            losses = self.losses(logits, label)
            counts = counts * self.chosen(losses.detach(), counts)
            of_class = self.class_factors(logits)
            if of_class is not None:
                counts = counts * of_class[label]
            losses = self.loss_weight * losses * (counts if weight is None else counts * widen(weight))
            if reduction == 'none':
                return losses
            if reduction == 'sum':
                return losses.sum()
            total = counts.sum() if avg_factor is None else avg_factor
            # Nothing to average: the numerator is 0, and so is the loss.
            return losses.sum() / (total + (total == 0))
