"""Normalisation layers, found by mmcv's ``norm_cfg``."""

from .doubled_activations import drop_doubled_activations
from .evonorm import EvoNorm
from .evonorm_b0 import EvoNormB0, evonorm_b0
from .evonorm_s0 import EvoNormS0, evonorm_s0
from .trash_group_norm import TrashGroupNorm
from .trash_instance_norm import TrashInstanceNorm

__all__ = [
    'EvoNorm',
    'EvoNormB0',
    'EvoNormS0',
    'TrashGroupNorm',
    'TrashInstanceNorm',
    'drop_doubled_activations',
    'evonorm_b0',
    'evonorm_s0',
]
