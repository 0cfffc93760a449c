"""Heads of query detectors, exact under mixed precision, that honour ignore regions."""

from collections.abc import Sequence
from typing import Any

import torch
from mmdet.models import DDQDETRHead, DINOHead
from mmdet.registry import MODELS
from torch import Tensor

from .unmatched_in_regions import DenseLossOutsideRegions, UnmatchedInRegions


class SinglePrecisionBoxes:
    """Mixin for DINO's head or one derived from it, to be put before it among the bases.

    It predicts boxes and calculates losses in single precision.  Boxes are fractions of the picture here: in bfloat16
    (8 bits) a place near the far edge of 1024 pixels would be rounded by up to 2 pixels before it is compared with
    the truth.  The head's own layers are small.
    """

    def forward(self, hidden_states: Tensor, references: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Predict from the decoder's layers.

        Args:
            hidden_states: (layers, B, queries, channels).
            references: The first and each layer's references, (B, queries, 4), cxcywh as fractions.

        Returns:
            Logits (layers, B, queries, num_classes) and boxes (layers, B, queries, 4), cxcywh as fractions.
        """
        with torch.autocast(hidden_states.device.type, enabled=False):
            return super().forward(hidden_states.float(), [reference.float() for reference in references])

    def loss_by_feat(self, *predictions: Any, **kwargs: Any) -> dict[str, Tensor]:
        """Calculate the losses as upstream does, those of the encoder's proposals in single precision, too.

        Args:
            predictions: Logits and boxes of the decoder's layers and of the encoder's proposals, then the truth.
            kwargs: Passed on.

        Returns:
            The losses by name.
        """
        wide = (part.float() if isinstance(part, Tensor) else part for part in predictions)
        return super().loss_by_feat(*wide, **kwargs)


@MODELS.register_module()
class TrashDINOHead(SinglePrecisionBoxes, UnmatchedInRegions, DINOHead):
    """DINO's head, exact under mixed precision, that honours ignore regions."""


@MODELS.register_module()
class TrashDDQDETRHead(SinglePrecisionBoxes, UnmatchedInRegions, DDQDETRHead):
    """DDQ DETR's head, exact under mixed precision, that honours ignore regions, with its dense queries, too."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.aux_loss_for_dense = DenseLossOutsideRegions(self.aux_loss_for_dense, ignore_iof_thr=self.ignore_iof_thr)
