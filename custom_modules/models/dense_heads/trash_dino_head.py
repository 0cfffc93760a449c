"""DINO's head, exact under mixed precision."""

from collections.abc import Sequence

import torch
from mmdet.models import DINOHead
from mmdet.registry import MODELS
from torch import Tensor


@MODELS.register_module()
class TrashDINOHead(DINOHead):
    """Predict boxes and calculate losses in single precision.

    Boxes are fractions of the picture here: in bfloat16 (8 bits) a place near the far edge of 1024 pixels would be
    rounded by up to 2 pixels before it is compared with the truth.  The head's own layers are small.
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

    def loss_by_feat(
        self,
        all_layers_cls_scores: Tensor,
        all_layers_bbox_preds: Tensor,
        enc_cls_scores: Tensor,
        enc_bbox_preds: Tensor,
        *args,
        **kwargs,
    ) -> dict[str, Tensor]:
        """Calculate the losses as upstream does, those of the encoder's proposals in single precision, too.

        Args:
            all_layers_cls_scores: Logits of the decoder's layers.
            all_layers_bbox_preds: Boxes of the decoder's layers.
            enc_cls_scores: Logits of the encoder's proposals, (B, queries, num_classes).
            enc_bbox_preds: Boxes of them, (B, queries, 4), cxcywh as fractions.
            args: Passed on, like ``kwargs``.

        Returns:
            The losses by name.
        """
        proposals = enc_cls_scores.float(), enc_bbox_preds.float()
        return super().loss_by_feat(all_layers_cls_scores, all_layers_bbox_preds, *proposals, *args, **kwargs)
