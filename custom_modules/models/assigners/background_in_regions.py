"""How an assigner leaves out the background that lies in ignore regions."""

from mmdet.models.task_modules.assigners import AssignResult
from mmengine.structures import InstanceData
from torch import Tensor

from ..ignore_regions import IOF_THR, regions_of


class BackgroundInRegions:
    """Mixin for an assigner, to be put before it among the bases.

    What the assigner leaves to the background and what lies in an ignore region is neither an object nor background
    (-1).  Objects keep what they were given, inside of regions, too.  Upstream's own ``ignore_iof_thr`` takes that
    away from them, and does nothing in pictures without objects.

    Args:
        ignore_iof_thr: Share of a box in a region from which it lies inside; 0 or less takes no notice of regions.
    """

    honours_ignore_regions = True

    def __init__(self, *args, ignore_iof_thr: float = IOF_THR, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.ignore_iof_thr = ignore_iof_thr

    def assign(
        self,
        pred_instances: InstanceData,
        gt_instances: InstanceData,
        gt_instances_ignore: InstanceData | None = None,
        **kwargs,
    ) -> AssignResult:
        """Assign as upstream does, then leave out the background in ignore regions.

        Args:
            pred_instances: What is assigned: ``priors`` and, with some assigners, ``bboxes`` and ``scores``.
            gt_instances: The objects.
            gt_instances_ignore: The ignore regions, xyxy in pixels.
            kwargs: Passed on.

        Returns:
            The assignment: object number from 1, 0 for background, -1 for neither.
        """
        result = super().assign(pred_instances, gt_instances=gt_instances, **kwargs)
        regions = regions_of(gt_instances_ignore) if self.ignore_iof_thr > 0 else None
        if regions is not None and len(result.gt_inds):
            inside = self._inside(pred_instances, regions, **kwargs)
            result.gt_inds[(result.gt_inds == 0) & inside] = -1
        return result

    def _inside(self, pred_instances: InstanceData, regions: InstanceData, **kwargs) -> Tensor:
        """Say what lies in a region, (N,) bool."""
        raise NotImplementedError
