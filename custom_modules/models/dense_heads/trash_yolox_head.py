"""YOLOX's head, exact under mixed precision, that honours ignore regions."""

from collections.abc import Sequence

import torch
from mmdet.models import CrossEntropyLoss, YOLOXHead
from mmdet.registry import MODELS
from mmengine.structures import InstanceData
from torch import Tensor

from ...utils import UserError
from ..ignore_regions import IOF_THR, boxes_inside, points_inside, regions_of

_NEITHER = -1  # what binary cross-entropy leaves out


@MODELS.register_module()
class TrashYOLOXHead(YOLOXHead):
    """Assign and score in single precision; predictions in ignore regions are no background.

    Upstream gives the grid of priors the type of the predictions.  In bfloat16 (8 bits) a coordinate of 1000 pixels
    is off by up to 2, and other priors are used in training than in testing, which is in single precision.

    Upstream takes no notice of ignore regions.  Here the objectness of what was assigned to no object is not learnt
    where its prior's centre or its predicted box lies in a region.

    Args:
        ignore_iof_thr: Share of a box in a region from which it lies inside; 0 or less takes no notice of regions.
    """

    honours_ignore_regions = True

    def __init__(self, *args, ignore_iof_thr: float = IOF_THR, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.ignore_iof_thr = ignore_iof_thr
        if ignore_iof_thr > 0 and not isinstance(self.loss_obj, CrossEntropyLoss):
            raise UserError(
                f'TrashYOLOXHead cannot honour ignore regions with loss_obj={type(self.loss_obj).__name__}: '
                'use CrossEntropyLoss, or set ignore_iof_thr=0 in bbox_head'
            )

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

    def _get_targets_single(
        self,
        priors: Tensor,
        cls_preds: Tensor,
        decoded_bboxes: Tensor,
        objectness: Tensor,
        gt_instances: InstanceData,
        img_meta: dict,
        gt_instances_ignore: InstanceData | None = None,
    ) -> tuple:
        targets = super()._get_targets_single(priors, cls_preds, decoded_bboxes, objectness, gt_instances, img_meta)
        regions = regions_of(gt_instances_ignore) if self.ignore_iof_thr > 0 else None
        if regions is not None:
            found, _, objectness_targets, *_ = targets
            centres = priors[:, :2] + priors[:, 2:] / 2
            inside = boxes_inside(decoded_bboxes, regions.bboxes, self.ignore_iof_thr)
            inside |= points_inside(centres, regions.bboxes)
            objectness_targets[inside & ~found] = _NEITHER
        return targets
