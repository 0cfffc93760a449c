"""RTMDet's assigner that honours ignore regions."""

from mmdet.models.task_modules.assigners import DynamicSoftLabelAssigner
from mmdet.registry import TASK_UTILS
from mmengine.structures import InstanceData
from torch import Tensor

from ..ignore_regions import boxes_inside, points_inside
from .background_in_regions import BackgroundInRegions


@TASK_UTILS.register_module()
class TrashDynamicSoftLabelAssigner(BackgroundInRegions, DynamicSoftLabelAssigner):
    """Assign as RTMDet does (Lyu et al., 2022); predictions in ignore regions are no background.

    A prediction lies in a region with its box, or with the point that it is made from.
    """

    def _inside(self, pred_instances: InstanceData, regions: InstanceData, **kwargs) -> Tensor:
        points = pred_instances.priors[:, :2]
        inside = boxes_inside(pred_instances.bboxes, regions.bboxes, self.ignore_iof_thr)
        return inside | points_inside(points, regions.bboxes)
