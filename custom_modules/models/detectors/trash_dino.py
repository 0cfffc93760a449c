"""DINO whose deformable attention samples in single precision."""

from mmcv.ops import MultiScaleDeformableAttention
from mmdet.models import DINO
from mmdet.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class TrashDINO(DINO):
    """Keep the values that deformable attention samples, and with them the places, in single precision.

    The operator takes places in the type of the values: in bfloat16 (8 bits) a place near the far edge of 1024
    pixels would be off by up to 2.  The matrix products around it stay in half precision.
    """

    def _init_layers(self) -> None:
        """Build the layers, and widen what each attention samples."""
        super()._init_layers()
        for module in self.modules():
            if isinstance(module, MultiScaleDeformableAttention):
                module.value_proj.register_forward_hook(_widen)


def _widen(module: nn.Module, inputs: tuple, output: Tensor) -> Tensor:
    return output.float()
