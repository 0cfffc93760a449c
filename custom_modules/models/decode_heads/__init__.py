"""Decode heads of segmenters: those that upstream lacks, and one that honours ignored pixels."""

from .fcn8s_head import FCN8sHead
from .trash_mask2former_head import TrashMask2FormerHead
from .unet_decode_head import UNetDecodeHead

__all__ = ['FCN8sHead', 'TrashMask2FormerHead', 'UNetDecodeHead']
