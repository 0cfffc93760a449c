"""Backbones of segmenters that upstream lacks."""

from .convolutional_vgg import ConvolutionalVGG
from .dilated_efficientnet import DilatedEfficientNet

__all__ = ['ConvolutionalVGG', 'DilatedEfficientNet']
