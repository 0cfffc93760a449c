"""Box heads of two-stage detectors."""

from .trash_shared2fc_bbox_head import TrashShared2FCBBoxHead

__all__ = ['TrashShared2FCBBoxHead']
