"""Equalization loss v2 that a box head can use."""

import torch
from mmdet.models import EQLV2Loss
from mmdet.registry import MODELS
from torch import Tensor

from custom_modules.ops.precision import widen

from .roi_scores import RoIScores
from .shared_statistics import SharedStatistics


@MODELS.register_module()
class TrashEQLV2Loss(RoIScores, SharedStatistics, EQLV2Loss):
    """``EQLV2Loss`` with its own scores in the head, and gradients collected from all ranks.

    Tan et al., Equalization Loss v2: A New Gradient Balance Approach for Long-tailed Object Detection (CVPR 2021).
    Upstream's loss does not tell the head that its outputs are sigmoids, so that predictions would be a softmax; it
    sums over ranks inside the forward pass and only when told that there are several.  As upstream's, it averages
    over all samples, whatever their weights.

    Args:
        **kwargs: Of upstream's loss; ``num_classes`` follows the data set.
    """

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        self.init_statistics(2 * self.num_classes)

    def get_cls_channels(self, num_classes: int) -> int:
        """Return how many outputs the classifier needs: the classes and objectness."""
        return self.get_channel_num(num_classes)

    def get_activation(self, cls_score: Tensor) -> Tensor:
        """Turn logits (N, C + 1) into scores, those of the classes times what the background leaves."""
        return super().get_activation(widen(cls_score))

    def forward(self, cls_score: Tensor, label: Tensor, *args, **kwargs) -> Tensor:
        """Calculate upstream's loss in single precision.

        Args:
            cls_score: (N, C + 1) logits.
            label: (N,) int64, C for background.
            *args: As upstream; not used by it.
            **kwargs: The same by name.
        """
        loss = super().forward(widen(cls_score), label, *args, **kwargs)
        del self.pred_class_logits, self.gt_classes  # upstream keeps the whole graph alive by them
        return loss

    def collect_grad(self, pred: Tensor, target: Tensor, weight: Tensor) -> None:
        """Collect the gradients of positives and negatives, as upstream, for all ranks together.

        Args:
            pred: (N, C + 1) logits.
            target: (N, C + 1), one-hot.
            weight: (N, C + 1) factors of the loss.
        """
        before = [buffer.clone() for buffer in (self.pos_grad, self.neg_grad, self.pos_neg)]
        self.pos_grad.zero_()
        self.neg_grad.zero_()
        super().collect_grad(pred, target, weight)
        new = self.pos_grad, self.neg_grad
        self.pos_grad, self.neg_grad, self.pos_neg = before
        if self.training:
            self.collect(torch.cat(new))

    def absorb(self, sums: Tensor) -> None:
        """Add the gradients (2 C,) of one iteration and bring their ratio up to date."""
        pos_grad, neg_grad = sums.chunk(2)
        self.pos_grad += pos_grad
        self.neg_grad += neg_grad
        self.pos_neg = self.pos_grad / (self.neg_grad + 1e-10)
