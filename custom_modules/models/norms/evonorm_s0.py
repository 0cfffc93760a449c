"""EvoNorm-S0: normalisation and activation of single pictures."""

from mmengine.registry import MODELS
from torch import Tensor, nn

from .evonorm import EvoNorm, of_channels
from .trash_group_norm import fitting_groups


def evonorm_s0(x: Tensor, v: Tensor, *, num_groups: int, eps: float = 1e-5) -> Tensor:
    """Calculate ``x sigmoid(v x) / std``, the deviation being that of a picture's group of channels.

    Liu et al., Evolving Normalization-Activation Layers (NeurIPS 2020), table 2, without scale and shift.

    Args:
        x: (N, C, H, W).
        v: (C,).
        num_groups: Divides C.
        eps: Added to variances.

    Returns:
        (N, C, H, W); a group of a single value has no deviation, and is not divided.
    """
    activated = x * (x * of_channels(v)).sigmoid()
    if x[0].numel() == num_groups:
        return activated
    variance = x.reshape(len(x), num_groups, -1).var(dim=2, correction=0, keepdim=True)
    scale = (variance + eps).rsqrt().repeat_interleave(x.shape[1] // num_groups, dim=1)
    return activated * scale.unsqueeze(-1)


@MODELS.register_module()
class EvoNormS0(EvoNorm, nn.GroupNorm):
    """:func:`evonorm_s0` with a scale and a shift, as ``norm_cfg=dict(type='EvoNormS0')``; it is its own activation.

    Pictures have no part in one another's output: batches may be as small as they like, and cards share nothing.
    Being a ``GroupNorm``, it is treated as one by weight decay settings for norms.

    Args:
        num_features: Channels.
        num_groups: Groups of channels, 32 in the paper; where the channels do not divide fewer, as its authors have it.
        eps: Added to variances.
    """

    def __init__(self, num_features: int, num_groups: int = 32, eps: float = 1e-5) -> None:
        super().__init__(fitting_groups(num_features, num_groups), num_features, eps=eps)
        self.init_activation(num_features)

    def activated(self, x: Tensor) -> Tensor:
        """See :func:`evonorm_s0`."""
        return evonorm_s0(x, self.v, num_groups=self.num_groups, eps=self.eps)
