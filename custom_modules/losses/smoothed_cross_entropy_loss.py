"""Cross entropy with label smoothing, for box heads and for pixels."""

from typing import Any

from mmdet.models.losses.utils import weight_reduce_loss
from mmengine.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional as F

from custom_modules.ops.precision import widen
from custom_modules.utils import UserError

from .box_loss import REDUCTIONS, one_of


@MODELS.register_module()
class SmoothedCrossEntropyLoss(nn.Module):
    """Softmax cross entropy whose target shares a little of its probability among all classes.

    Szegedy et al., Rethinking the Inception Architecture for Computer Vision (CVPR 2016), section 7: the target is
    ``(1 - s) onehot + s / K`` over the K outputs, in a box head the background among them.  Called as upstream's
    cross entropy is, by box heads of mmdet and decode heads of mmseg; unlike there, an average without a given
    divisor is over what is not ignored.

    Args:
        label_smoothing: The s, in [0, 1).
        class_weight: Factor of each output's share of the target, as torch has it; None for 1.
        loss_weight: Factor of the loss.
        reduction: 'mean', 'sum' or 'none'.
        ignore_index: Label that costs nothing where the caller names none.
        loss_name: What mmseg logs the loss as.

    Raises:
        UserError: ``label_smoothing`` or ``reduction`` is none of the valid ones.
    """

    use_sigmoid = False

    def __init__(
        self,
        label_smoothing: float = 0.1,
        *,
        class_weight: list[float] | None = None,
        loss_weight: float = 1.0,
        reduction: str = 'mean',
        ignore_index: int = -100,
        loss_name: str = 'loss_ce',
    ) -> None:
        super().__init__()
        if not 0 <= label_smoothing < 1:
            raise UserError(f'SmoothedCrossEntropyLoss: label_smoothing={label_smoothing}: must be in [0, 1)')
        self.label_smoothing = label_smoothing
        self.class_weight = class_weight
        self.loss_weight = loss_weight
        self.reduction = one_of('SmoothedCrossEntropyLoss: reduction', reduction, REDUCTIONS)
        self.ignore_index = ignore_index
        self.loss_name = loss_name

    def forward(
        self,
        cls_score: Tensor,
        label: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | None = None,
        reduction_override: str | None = None,
        ignore_index: int | None = None,
        **_: Any,
    ) -> Tensor:
        """Calculate the loss.

        Args:
            cls_score: (N, K) or (N, K, H, W) logits of any precision.
            label: (N,) or (N, H, W) int64.
            weight: Factors, shaped as ``label``.
            avg_factor: What the sum is divided by, with reduction 'mean'; None for the number of labels not ignored.
            reduction_override: In place of the constructor's.
            ignore_index: In place of the constructor's.

        Returns:
            The loss, or with reduction 'none' that of each label.
        """
        reduction = one_of('reduction_override', reduction_override or self.reduction, REDUCTIONS)
        ignore_index = self.ignore_index if ignore_index is None else ignore_index
        logits = widen(cls_score)
        loss = F.cross_entropy(
            logits,
            label,
            weight=None if self.class_weight is None else logits.new_tensor(self.class_weight),
            reduction='none',
            ignore_index=ignore_index,
            label_smoothing=self.label_smoothing,
        )
        if avg_factor is None and reduction == 'mean':
            avg_factor = (label != ignore_index).sum().clamp(min=1)
        weight = None if weight is None else widen(weight)
        return self.loss_weight * weight_reduce_loss(loss, weight, reduction, avg_factor)

    def extra_repr(self) -> str:
        """Show the settings when printed."""
        return f'label_smoothing={self.label_smoothing}, loss_weight={self.loss_weight}'
