"""YOLOX's head, exact under mixed precision."""

from collections.abc import Sequence

import torch
from mmdet.models import YOLOXHead
from mmdet.registry import MODELS
from torch import Tensor


@MODELS.register_module()
class TrashYOLOXHead(YOLOXHead):
    """Assign and score in single precision.

    Upstream gives the grid of priors the type of the predictions.  In bfloat16 (8 bits) a coordinate of 1000 pixels
    is off by up to 2, and other priors are used in training than in testing, which is in single precision.
    """

    def loss_by_feat(
        self,
        cls_scores: Sequence[Tensor],
        bbox_preds: Sequence[Tensor],
        objectnesses: Sequence[Tensor],
        *args,
        **kwargs,
    ) -> dict[str, Tensor]:
        """Calculate the losses as upstream does.

        Args:
            cls_scores: Logits of each level, (B, num_classes, H, W).
            bbox_preds: Centre offset and log size in strides, (B, 4, H, W).
            objectnesses: Logits, (B, 1, H, W).
            args: Passed on, like ``kwargs``.

        Returns:
            The losses by name.
        """
        predictions = ([level.float() for level in levels] for levels in (cls_scores, bbox_preds, objectnesses))
        with torch.autocast(cls_scores[0].device.type, enabled=False):
            return super().loss_by_feat(*predictions, *args, **kwargs)
