"""Parts of models that upstream lacks, and what fits a model config to a data set."""

from .assigners import TrashATSSAssigner, TrashDynamicSoftLabelAssigner, TrashMaxIoUAssigner
from .backbones import (
    ConvolutionalVGG,
    DilatedEfficientNet,
    EvoDilatedEfficientNet,
    EvoResNet,
    EvoResNetV1c,
    EvoResNetV1d,
    EvoResNeXt,
)
from .bbox_heads import TrashShared2FCBBoxHead
from .class_count import set_num_classes
from .data_preprocessors import TrashBatchResize
from .decode_heads import FCN8sHead, UNetDecodeHead
from .dense_heads import TrashDDQDETRHead, TrashDINOHead, TrashYOLOXHead
from .detectors import TrashDDQDETR, TrashDINO
from .ignore_support import deaf_to_ignore_regions
from .mask_heads import TrashFCNMaskHead, TrashHTCMaskHead
from .necks import BiFPN
from .norms import EvoNormB0, EvoNormS0, TrashGroupNorm, TrashInstanceNorm, drop_doubled_activations
from .remove_masks import remove_mask_branch
from .samplers import TrashRandomSampler

__all__ = [
    'BiFPN',
    'ConvolutionalVGG',
    'DilatedEfficientNet',
    'EvoDilatedEfficientNet',
    'EvoNormB0',
    'EvoNormS0',
    'EvoResNeXt',
    'EvoResNet',
    'EvoResNetV1c',
    'EvoResNetV1d',
    'FCN8sHead',
    'TrashATSSAssigner',
    'TrashBatchResize',
    'TrashDDQDETR',
    'TrashDDQDETRHead',
    'TrashDINO',
    'TrashDINOHead',
    'TrashDynamicSoftLabelAssigner',
    'TrashFCNMaskHead',
    'TrashGroupNorm',
    'TrashHTCMaskHead',
    'TrashInstanceNorm',
    'TrashMaxIoUAssigner',
    'TrashRandomSampler',
    'TrashShared2FCBBoxHead',
    'TrashYOLOXHead',
    'UNetDecodeHead',
    'deaf_to_ignore_regions',
    'drop_doubled_activations',
    'remove_mask_branch',
    'set_num_classes',
]
