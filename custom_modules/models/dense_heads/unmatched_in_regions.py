"""How a query detector leaves out the unmatched queries that lie in ignore regions."""

import torch
from mmdet.models.losses import DDQAuxLoss
from mmdet.structures import SampleList
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy
from mmengine.structures import InstanceData
from torch import Tensor

from ..ignore_regions import IOF_THR, boxes_inside, regions_of

_REGIONS, _DENOISED = 'ignore_regions', 'denoised_boxes'


class UnmatchedInRegions:
    """Mixin for DINO's head or one derived from it, to be put before it among the bases.

    Upstream does not hand the ignore regions to the loss.  Here a query that was matched to no object learns nothing
    where its predicted box lies in a region: those of the decoder's layers, the encoder's proposals and the negatives
    of the denoising part alike.

    Args:
        ignore_iof_thr: Share of a box in a region from which it lies inside; 0 or less takes no notice of regions.
    """

    honours_ignore_regions = True

    def __init__(self, *args, ignore_iof_thr: float = IOF_THR, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.ignore_iof_thr = ignore_iof_thr

    def loss(self, *args, batch_data_samples: SampleList, **kwargs) -> dict[str, Tensor]:
        """Calculate the losses as upstream does.

        Args:
            args: Passed on, like ``kwargs``.
            batch_data_samples: The pictures; their ``ignored_instances`` reach the targets as a part of ``metainfo``.
            kwargs: Passed on.

        Returns:
            The losses by name.
        """
        for sample in batch_data_samples:
            regions = regions_of(sample.get('ignored_instances')) if self.ignore_iof_thr > 0 else None
            sample.set_metainfo({_REGIONS: None if regions is None else regions.bboxes})
        return super().loss(*args, batch_data_samples=batch_data_samples, **kwargs)

    def _get_targets_single(
        self, cls_score: Tensor, bbox_pred: Tensor, gt_instances: InstanceData, img_meta: dict
    ) -> tuple:
        targets = super()._get_targets_single(cls_score, bbox_pred, gt_instances, img_meta)
        return self._without_ignored(targets, bbox_pred, img_meta)

    def _loss_dn_single(
        self,
        dn_cls_scores: Tensor,
        dn_bbox_preds: Tensor,
        batch_gt_instances: list[InstanceData],
        batch_img_metas: list[dict],
        dn_meta: dict[str, int],
    ) -> tuple:
        pairs = zip(batch_img_metas, dn_bbox_preds.detach(), strict=True)
        metas = [{**meta, _DENOISED: boxes} for meta, boxes in pairs]
        return super()._loss_dn_single(dn_cls_scores, dn_bbox_preds, batch_gt_instances, metas, dn_meta)

    def _get_dn_targets_single(self, gt_instances: InstanceData, img_meta: dict, dn_meta: dict[str, int]) -> tuple:
        targets = super()._get_dn_targets_single(gt_instances, img_meta, dn_meta)
        return self._without_ignored(targets, img_meta[_DENOISED], img_meta)

    def _without_ignored(self, targets: tuple, boxes_cxcywh: Tensor, img_meta: dict) -> tuple:
        """Take the weight of unmatched queries in regions, and them from the count of negatives."""
        regions = img_meta.get(_REGIONS)
        if regions is None:
            return targets
        labels, label_weights, bbox_targets, bbox_weights, pos_inds, neg_inds = targets
        height, width = img_meta['img_shape'][:2]
        boxes = bbox_cxcywh_to_xyxy(boxes_cxcywh.detach()) * boxes_cxcywh.new_tensor([width, height, width, height])
        ignored = boxes_inside(boxes, regions, self.ignore_iof_thr) & (labels == self.num_classes)
        label_weights = label_weights.masked_fill(ignored, 0)
        return labels, label_weights, bbox_targets, bbox_weights, pos_inds, neg_inds[~ignored[neg_inds]]


class DenseLossOutsideRegions(DDQAuxLoss):
    """DDQ's loss of the dense queries, in which unmatched ones learn nothing inside of ignore regions.

    Args:
        like: Upstream's, whose settings it takes.
        ignore_iof_thr: Share of a box in a region from which it lies inside.
    """

    def __init__(self, like: DDQAuxLoss, *, ignore_iof_thr: float = IOF_THR) -> None:
        super().__init__(train_cfg=like.train_cfg)
        self.ignore_iof_thr = ignore_iof_thr

    def _get_target_single(
        self, cls_scores: Tensor, bbox_preds: Tensor, gt_bboxes: Tensor, gt_labels: Tensor, img_meta: dict, **kwargs
    ) -> tuple:
        targets = super()._get_target_single(cls_scores, bbox_preds, gt_bboxes, gt_labels, img_meta, **kwargs)
        regions = img_meta.get(_REGIONS)
        if regions is None:
            return targets
        labels, label_weights, *others = targets
        inside = boxes_inside(bbox_preds.detach(), regions, self.ignore_iof_thr)
        ignored = inside & (labels == cls_scores.size(-1))
        return labels, torch.where(ignored, 0.0, label_weights), *others
