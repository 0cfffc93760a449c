"""Assigners that honour ignore regions."""

from .trash_atss_assigner import TrashATSSAssigner
from .trash_dynamic_soft_label_assigner import TrashDynamicSoftLabelAssigner
from .trash_max_iou_assigner import TrashMaxIoUAssigner

__all__ = ['TrashATSSAssigner', 'TrashDynamicSoftLabelAssigner', 'TrashMaxIoUAssigner']
