"""Losses: pure functions of boxes, scores or pixels under thin modules."""

from . import pixels
from .alpha_iou_loss import AlphaIoULoss, alpha_iou_loss
from .box_loss import BoxLoss
from .guarded_box_loss import GuardedBoxLoss
from .inner_iou_loss import InnerIoULoss, inner_iou_loss
from .mpdiou_loss import MPDIoULoss, mpdiou_loss
from .nwd_loss import NWDLoss, nwd_loss
from .roi_focal_loss import RoIFocalLoss
from .shared_statistics import SharedStatistics
from .smoothed_cross_entropy_loss import SmoothedCrossEntropyLoss
from .trash_eqlv2_loss import TrashEQLV2Loss
from .trash_seesaw_loss import TrashSeesawLoss
from .wiou_loss import WIoULoss, wiou_loss

__all__ = [
    'AlphaIoULoss',
    'BoxLoss',
    'GuardedBoxLoss',
    'InnerIoULoss',
    'MPDIoULoss',
    'NWDLoss',
    'RoIFocalLoss',
    'SharedStatistics',
    'SmoothedCrossEntropyLoss',
    'TrashEQLV2Loss',
    'TrashSeesawLoss',
    'WIoULoss',
    'alpha_iou_loss',
    'inner_iou_loss',
    'mpdiou_loss',
    'nwd_loss',
    'pixels',
    'wiou_loss',
]
