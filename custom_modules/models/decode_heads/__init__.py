"""Decode heads of segmenters that upstream lacks."""

from .fcn8s_head import FCN8sHead
from .unet_decode_head import UNetDecodeHead

__all__ = ['FCN8sHead', 'UNetDecodeHead']
