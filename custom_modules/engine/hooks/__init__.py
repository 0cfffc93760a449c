"""Hooks that both detection and segmentation use."""

from .count_classes_hook import CountClassesHook
from .curves_hook import CurvesHook
from .finite_loss_hook import FiniteLossHook
from .freeze_encoder_hook import FreezeEncoderHook
from .progress_hook import ProgressHook
from .recompute_hook import RecomputeHook
from .refresh_copy_paste_hook import RefreshCopyPasteHook
from .report_hook import ReportHook
from .safe_checkpoint_hook import SafeCheckpointHook, TrainingStopped
from .share_statistics_hook import ShareStatisticsHook
from .stop_mixing_hook import StopMixingHook
from .time_limit_hook import TimeLimitHook
from .tracking_hook import TrackingHook
from .trash_early_stopping_hook import TrashEarlyStoppingHook
from .trash_ema_hook import TrashEMAHook
from .update_difficulty_hook import UpdateDifficultyHook

__all__ = [
    'CountClassesHook',
    'CurvesHook',
    'FiniteLossHook',
    'FreezeEncoderHook',
    'ProgressHook',
    'RecomputeHook',
    'RefreshCopyPasteHook',
    'ReportHook',
    'SafeCheckpointHook',
    'ShareStatisticsHook',
    'StopMixingHook',
    'TimeLimitHook',
    'TrackingHook',
    'TrainingStopped',
    'TrashEMAHook',
    'TrashEarlyStoppingHook',
    'UpdateDifficultyHook',
]
