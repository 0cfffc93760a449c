"""The assigner of anchors and proposals, by IoU, that honours ignore regions in every picture."""

from mmdet.models.task_modules.assigners import MaxIoUAssigner
from mmdet.registry import TASK_UTILS
from mmengine.structures import InstanceData
from torch import Tensor

from ..ignore_regions import boxes_inside
from .background_in_regions import BackgroundInRegions


@TASK_UTILS.register_module()
class TrashMaxIoUAssigner(BackgroundInRegions, MaxIoUAssigner):
    """Assign by IoU; boxes in ignore regions are not background.

    A region also takes the boxes that it would be given as an object.  These lie inside, except those of an object
    too small for any anchor, which is given the best one even so.
    """

    def _inside(self, pred_instances: InstanceData, regions: InstanceData, **kwargs) -> Tensor:
        given = MaxIoUAssigner.assign(self, pred_instances, regions).gt_inds > 0
        return given | boxes_inside(pred_instances.priors, regions.bboxes, self.ignore_iof_thr)
