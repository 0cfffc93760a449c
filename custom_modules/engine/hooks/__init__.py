"""Hooks that both detection and segmentation use."""

from .curves_hook import CurvesHook
from .detection_report_hook import DetectionReportHook
from .finite_loss_hook import FiniteLossHook
from .refresh_copy_paste_hook import RefreshCopyPasteHook
from .safe_checkpoint_hook import SafeCheckpointHook, TrainingStopped

__all__ = [
    'CurvesHook',
    'DetectionReportHook',
    'FiniteLossHook',
    'RefreshCopyPasteHook',
    'SafeCheckpointHook',
    'TrainingStopped',
]
