"""Optimizers, and how parameters are dealt to their groups."""

from .adamp import AdamP
from .swin_layer_decay import SwinLayerDecayConstructor

__all__ = ['AdamP', 'SwinLayerDecayConstructor']
