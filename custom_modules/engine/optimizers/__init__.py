"""Optimizers, and how parameters are dealt to their groups."""

from .adamp import AdamP
from .encoder_rate import EncoderRateConstructor
from .swin_layer_decay import SwinLayerDecayConstructor

__all__ = ['AdamP', 'EncoderRateConstructor', 'SwinLayerDecayConstructor']
