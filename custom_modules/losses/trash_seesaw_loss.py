"""Seesaw loss whose class counts are the same on every rank."""

from mmdet.models import SeesawLoss
from mmdet.registry import MODELS
from torch import Tensor

from custom_modules.ops.precision import widen

from .shared_statistics import SharedStatistics


@MODELS.register_module()
class TrashSeesawLoss(SharedStatistics, SeesawLoss):
    """``SeesawLoss`` that counts the samples of all ranks, and calculates in single precision.

    Wang et al., Seesaw Loss for Long-Tailed Instance Segmentation (CVPR 2021).  Upstream's counts are each rank's
    own, and a checkpoint holds those of rank 0.

    Args:
        **kwargs: Of upstream's loss; ``num_classes`` follows the data set.
    """

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        self.init_statistics(self.num_classes + 1)

    def forward(self, cls_score: Tensor, labels: Tensor, *args, **kwargs) -> Tensor | dict[str, Tensor]:
        """Calculate upstream's loss with the counts up to and including these samples.

        Args:
            cls_score: (N, C + 2) logits: of the classes, of object and background.
            labels: (N,) int64, C for background.
            *args: As upstream: label_weights (N,), avg_factor, reduction_override.
            **kwargs: The same by name.

        Returns:
            ``loss_cls_objectness`` and ``loss_cls_classes``, or their sum.
        """
        before = self.cum_samples.clone()
        losses = super().forward(widen(cls_score), labels, *args, **kwargs)
        new = self.cum_samples - before
        self.cum_samples.copy_(before)
        if self.training:
            self.collect(new)
        return losses

    def absorb(self, sums: Tensor) -> None:
        """Add the samples (C + 1,) of one iteration."""
        self.cum_samples += sums
