"""ResNets and EfficientNets in which an EvoNorm is the only activation behind a convolution."""

from typing import Any

from mmseg.models.backbones import ResNet, ResNetV1c, ResNetV1d, ResNeXt
from mmseg.registry import MODELS

from ..norms import drop_doubled_activations
from .dilated_efficientnet import DilatedEfficientNet


class OwnActivations:
    """Mixin for backbones that write an activation behind every norm, to be put before upstream's among the bases."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        drop_doubled_activations(self)


@MODELS.register_module()
class EvoResNet(OwnActivations, ResNet):
    """mmseg's ``ResNet`` for an EvoNorm as ``norm_cfg``; with other norms it is the same as upstream's."""


@MODELS.register_module()
class EvoResNetV1c(OwnActivations, ResNetV1c):
    """mmseg's ``ResNetV1c`` for an EvoNorm as ``norm_cfg``."""


@MODELS.register_module()
class EvoResNetV1d(OwnActivations, ResNetV1d):
    """mmseg's ``ResNetV1d`` for an EvoNorm as ``norm_cfg``."""


@MODELS.register_module()
class EvoResNeXt(OwnActivations, ResNeXt):
    """mmseg's ``ResNeXt`` for an EvoNorm as ``norm_cfg``."""


@MODELS.register_module()
class EvoDilatedEfficientNet(OwnActivations, DilatedEfficientNet):
    """Our ``DilatedEfficientNet`` for an EvoNorm as ``norm_cfg``."""
