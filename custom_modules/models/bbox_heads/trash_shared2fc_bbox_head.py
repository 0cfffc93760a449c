"""The box head of the cascades, which learns nothing from boxes without an area."""

import torch
from mmdet.models import Shared2FCBBoxHead
from mmdet.registry import MODELS
from torch import Tensor


@MODELS.register_module()
class TrashShared2FCBBoxHead(Shared2FCBBoxHead):
    """Upstream's head; what stands in where there is no box to learn from (TrashRandomSampler) has no weight."""

    def _get_targets_single(self, pos_priors: Tensor, neg_priors: Tensor, *truth, **kwargs) -> tuple[Tensor, ...]:
        labels, label_weights, *boxes = super()._get_targets_single(pos_priors, neg_priors, *truth, **kwargs)
        priors = torch.cat([pos_priors, neg_priors])
        has_area = (priors[:, 2:] > priors[:, :2]).all(1)
        return labels, label_weights * has_area, *boxes
