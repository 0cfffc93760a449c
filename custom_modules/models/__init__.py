"""Parts of models that upstream lacks, and what fits a model config to a data set."""

from .class_count import set_num_classes
from .data_preprocessors import TrashBatchResize
from .dense_heads import TrashDDQDETRHead, TrashDINOHead, TrashYOLOXHead
from .detectors import TrashDDQDETR, TrashDINO
from .mask_heads import TrashFCNMaskHead, TrashHTCMaskHead
from .necks import BiFPN
from .remove_masks import remove_mask_branch

__all__ = [
    'BiFPN',
    'TrashBatchResize',
    'TrashDDQDETR',
    'TrashDDQDETRHead',
    'TrashDINO',
    'TrashDINOHead',
    'TrashFCNMaskHead',
    'TrashHTCMaskHead',
    'TrashYOLOXHead',
    'remove_mask_branch',
    'set_num_classes',
]
