"""What lies in an ignore region, the test every detector's assignment shares."""

import torch
from mmdet.structures.bbox import bbox_overlaps
from mmengine.structures import InstanceData
from torch import Tensor

IOF_THR = 0.5


def regions_of(instances: InstanceData | None) -> InstanceData | None:
    """Return the regions as objects an assigner takes, or None where there is none.

    Args:
        instances: ``ignored_instances`` of a picture with ``bboxes`` ((R, 4) tensor, xyxy in pixels) and, as a rule,
            ``labels``; None for none.

    Returns:
        Boxes and labels of the regions with an area; regions without a label are given the first.
    """
    if instances is None or not len(instances):
        return None
    boxes = instances.bboxes
    labels = instances.get('labels', torch.zeros(len(boxes), dtype=torch.long, device=boxes.device))
    has_area = (boxes[:, 2:] > boxes[:, :2]).all(1)
    return InstanceData(bboxes=boxes[has_area], labels=labels[has_area]) if has_area.any() else None


def boxes_inside(boxes: Tensor, regions: Tensor, iof_thr: float = IOF_THR) -> Tensor:
    """Say which boxes lie in a region: at least ``iof_thr`` of their area (the intersection over the foreground).

    Args:
        boxes: (N, 4), xyxy in pixels.
        regions: (R, 4), xyxy in pixels, R above 0.
        iof_thr: Share, 0 to 1.

    Returns:
        (N,) bool.
    """
    return (bbox_overlaps(boxes, regions, mode='iof') >= iof_thr).any(1)


def points_inside(points: Tensor, regions: Tensor) -> Tensor:
    """Say which points lie in a region.

    Args:
        points: (N, 2), xy in pixels.
        regions: (R, 4), xyxy in pixels.

    Returns:
        (N,) bool.
    """
    return ((points[:, None] > regions[None, :, :2]) & (points[:, None] < regions[None, :, 2:])).all(2).any(1)
