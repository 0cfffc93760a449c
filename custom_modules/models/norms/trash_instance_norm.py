"""Instance norm that leaves single pixels as they are."""

from mmengine.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class TrashInstanceNorm(nn.InstanceNorm2d):
    """torch's ``InstanceNorm2d`` (``IN``) with scale and shift, which alone are applied to maps of a single pixel.

    One value has no deviation, and torch refuses it: the pooled branch of ASPP and the coarsest level of a pooling
    pyramid (PSPNet, UPerNet) are such maps.

    Args:
        num_features: Channels.
        eps: Added to variances.
    """

    def __init__(self, num_features: int, eps: float = 1e-5) -> None:
        super().__init__(num_features, eps=eps, affine=True)

    def forward(self, input: Tensor) -> Tensor:
        """Normalise (N, C, H, W)."""
        if input.shape[-2:].numel() > 1:
            return super().forward(input)
        return (input * self.weight.view(1, -1, 1, 1) + self.bias.view(1, -1, 1, 1)).to(input.dtype)
