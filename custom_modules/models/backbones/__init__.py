"""Backbones of segmenters that upstream lacks."""

from .convolutional_vgg import ConvolutionalVGG
from .dilated_efficientnet import DilatedEfficientNet
from .evonorm_resnets import EvoResNet, EvoResNetV1c, EvoResNetV1d, EvoResNeXt

__all__ = ['ConvolutionalVGG', 'DilatedEfficientNet', 'EvoResNeXt', 'EvoResNet', 'EvoResNetV1c', 'EvoResNetV1d']
