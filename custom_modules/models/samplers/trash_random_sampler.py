"""The second stages' sampler, which finds a box in every picture."""

import torch
from mmdet.models.task_modules.assigners import AssignResult
from mmdet.models.task_modules.samplers import RandomSampler, SamplingResult
from mmdet.registry import TASK_UTILS
from mmengine.structures import InstanceData


@TASK_UTILS.register_module()
class TrashRandomSampler(RandomSampler):
    """Draw boxes at random; where all lie in ignore regions, give a box without an area.

    Upstream's cascades fail without a box, or leave weights without a gradient, for which other ranks wait for ever.
    :class:`~custom_modules.models.bbox_heads.TrashShared2FCBBoxHead` learns nothing from a box without an area, and
    refined by any stage it has none.
    """

    def sample(
        self, assign_result: AssignResult, pred_instances: InstanceData, gt_instances: InstanceData, **kwargs
    ) -> SamplingResult:
        """Draw objects and background.

        Args:
            assign_result: Object number from 1 of each box, 0 for background, -1 for neither.
            pred_instances: ``priors`` are the boxes, (N, 4), xyxy in pixels.
            gt_instances: The objects.
            kwargs: Passed on.

        Returns:
            At least one box.
        """
        drawn = super().sample(assign_result, pred_instances, gt_instances, **kwargs)
        if len(drawn.pos_inds) + len(drawn.neg_inds):
            return drawn
        nothing = torch.zeros(1, dtype=torch.long, device=pred_instances.priors.device)
        return SamplingResult(
            pos_inds=nothing[:0],
            neg_inds=nothing,
            priors=pred_instances.priors.new_zeros(1, 4),
            gt_bboxes=gt_instances.bboxes,
            assign_result=AssignResult(len(gt_instances), nothing, max_overlaps=None, labels=nothing - 1),
            gt_flags=nothing.to(torch.uint8),
        )
