"""ATSS' assigner that honours ignore regions of any size, in every picture."""

from collections.abc import Sequence

from mmdet.models.task_modules.assigners import AssignResult, ATSSAssigner
from mmdet.registry import TASK_UTILS
from mmengine.structures import InstanceData
from torch import Tensor

from ..ignore_regions import boxes_inside, points_inside
from .background_in_regions import BackgroundInRegions


@TASK_UTILS.register_module()
class TrashATSSAssigner(BackgroundInRegions, ATSSAssigner):
    """Assign as ATSS does (Zhang et al., 2020); anchors in ignore regions are not background.

    Anchors with their centre in a region are inside, too: the smallest anchor is larger than many an object (64 px
    with upstream's settings), and ATSS gives an object only anchors with their centre in it.
    """

    def assign(
        self,
        pred_instances: InstanceData,
        num_level_priors: Sequence[int],
        gt_instances: InstanceData,
        gt_instances_ignore: InstanceData | None = None,
    ) -> AssignResult:
        """Assign as upstream does, then leave out the background in ignore regions.

        Args:
            pred_instances: ``priors`` are the anchors, (N, 4), xyxy in pixels.
            num_level_priors: Number of anchors of each level.
            gt_instances: The objects.
            gt_instances_ignore: The ignore regions, xyxy in pixels.

        Returns:
            The assignment: object number from 1, 0 for background, -1 for neither.
        """
        return super().assign(pred_instances, gt_instances, gt_instances_ignore, num_level_priors=num_level_priors)

    def _inside(self, pred_instances: InstanceData, regions: InstanceData, **kwargs) -> Tensor:
        anchors = pred_instances.priors[:, :4]
        centres = (anchors[:, :2] + anchors[:, 2:]) / 2
        return boxes_inside(anchors, regions.bboxes, self.ignore_iof_thr) | points_inside(centres, regions.bboxes)
