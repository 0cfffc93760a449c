"""Backbones of segmenters that upstream lacks."""

from .convolutional_vgg import ConvolutionalVGG
from .dilated_efficientnet import DilatedEfficientNet
from .evonorm_backbones import EvoDilatedEfficientNet, EvoResNet, EvoResNetV1c, EvoResNetV1d, EvoResNeXt

__all__ = [
    'ConvolutionalVGG',
    'DilatedEfficientNet',
    'EvoDilatedEfficientNet',
    'EvoResNeXt',
    'EvoResNet',
    'EvoResNetV1c',
    'EvoResNetV1d',
]
