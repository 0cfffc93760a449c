"""Focal loss for the box head of a two-stage detector."""

import torch
from mmdet.models import FocalLoss
from mmdet.registry import MODELS
from torch import Tensor

from custom_modules.ops.precision import widen

from .roi_scores import RoIScores


@MODELS.register_module()
class RoIFocalLoss(RoIScores, FocalLoss):
    """Sigmoid ``FocalLoss`` for RoI heads: one output for each class, background is none of them.

    Lin et al., Focal Loss for Dense Object Detection (ICCV 2017), equation 5.  With upstream's ``FocalLoss`` a box
    head has one more output, that learns the background as a class, and softmax scores that it was not trained for.
    Give the classifier a bias for rare positives (``bias_prob``), as the paper's section 4.1 does.
    """

    def get_cls_channels(self, num_classes: int) -> int:
        """Return how many outputs the classifier needs: the number of classes."""
        return num_classes

    def get_activation(self, cls_score: Tensor) -> Tensor:
        """Turn logits (N, C) into scores (N, C + 1); the background has what the best class leaves."""
        scores = widen(cls_score).sigmoid()
        return torch.cat([scores, 1 - scores.amax(dim=-1, keepdim=True)], dim=-1)

    def forward(self, pred: Tensor, target: Tensor, *args, **kwargs) -> Tensor:
        """Calculate upstream's loss in single precision.

        Args:
            pred: (N, C) logits.
            target: (N,) int64, C for background.
            *args: As upstream: weight (N,), avg_factor, reduction_override.
            **kwargs: The same by name.
        """
        return super().forward(widen(pred), target, *args, **kwargs)
