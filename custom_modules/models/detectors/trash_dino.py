"""Query detectors whose deformable attention samples in single precision."""

from mmcv.ops import MultiScaleDeformableAttention
from mmdet.models import DDQDETR, DINO
from mmdet.registry import MODELS
from torch import Tensor, nn


class SinglePrecisionSampling:
    """Mixin for a detector with deformable attention, to be put before it among the bases.

    It keeps the values that are sampled, and with them the places, in single precision: the operator takes places
    in the type of the values, and in bfloat16 (8 bits) a place near the far edge of 1024 pixels would be off by up
    to 2.  The matrix products around it stay in half precision.
    """

    def _init_layers(self) -> None:
        """Build the layers, and widen what each attention samples."""
        super()._init_layers()
        for module in self.modules():
            if isinstance(module, MultiScaleDeformableAttention):
                module.value_proj.register_forward_hook(_widen)


@MODELS.register_module()
class TrashDINO(SinglePrecisionSampling, DINO):
    """DINO (Zhang et al., 2022), exact under mixed precision."""


@MODELS.register_module()
class TrashDDQDETR(SinglePrecisionSampling, DDQDETR):
    """DDQ DETR (Zhang et al., 2023), exact under mixed precision."""


def _widen(module: nn.Module, inputs: tuple, output: Tensor) -> Tensor:
    return output.float()
