"""EvoNorm-B0: normalisation and activation by the deviations of a batch and of each picture."""

import torch
from mmengine.dist import get_world_size
from mmengine.registry import MODELS
from torch import Tensor, nn
from torch.distributed.nn.functional import all_reduce

from .evonorm import EvoNorm, of_channels


def evonorm_b0(x: Tensor, v: Tensor, batch_variance: Tensor, *, eps: float = 1e-5) -> Tensor:
    """Calculate ``x / max(std of the batch, v x + std of the picture)``, deviations being per channel.

    Liu et al., Evolving Normalization-Activation Layers (NeurIPS 2020), table 2, without scale and shift.

    Args:
        x: (N, C, H, W).
        v: (C,).
        batch_variance: (C,), of the batch while training, else what was seen while training.
        eps: Added to variances.

    Returns:
        (N, C, H, W).
    """
    of_picture = (x.var(dim=(2, 3), correction=0, keepdim=True) + eps).sqrt()
    of_batch = (of_channels(batch_variance) + eps).sqrt()
    return x / torch.maximum(of_batch, x * of_channels(v) + of_picture)


@MODELS.register_module()
class EvoNormB0(EvoNorm, nn.InstanceNorm2d):
    """:func:`evonorm_b0` with a scale and a shift, as ``norm_cfg=dict(type='EvoNormB0')``; it is its own activation.

    In training the variance is that of the pictures of all ranks, as with ``SyncBN``, so that every rank remembers the
    same; a moving average of it, part of a checkpoint, is used in evaluation.  It is an ``InstanceNorm2d``, whose
    settings for weight decay it follows: as a batch norm it would be turned into a plain one by ``sync_bn``.
    ``norm_eval`` of backbones, for batch norms, does not reach it.

    Args:
        num_features: Channels.
        eps: Added to variances.
        momentum: Share of the batch in the moving average.
    """

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__(num_features, eps=eps, momentum=momentum, affine=True)
        self.init_activation(num_features)
        self.register_buffer('moving_variance', torch.ones(num_features))

    def leave_affine(self) -> None:
        """Keep the scale and the shift alone."""
        super().leave_affine()
        self.moving_variance = None

    def activated(self, x: Tensor) -> Tensor:
        """See :func:`evonorm_b0`."""
        is_single = get_world_size() == 1 and x.numel() == x.shape[1]  # one value of each channel: no deviation
        if not self.training or is_single:
            return evonorm_b0(x, self.v, self.moving_variance, eps=self.eps)
        variance = batch_variance(x)
        self.moving_variance.lerp_(variance.detach().to(self.moving_variance.dtype), self.momentum)
        return evonorm_b0(x, self.v, variance, eps=self.eps)

    def _check_input_dim(self, input: Tensor) -> None:
        """Leave it to the arithmetic."""


def batch_variance(x: Tensor) -> Tensor:
    """Give the variance (C,) of each channel of (N, C, H, W), over the pictures of all ranks; it has a gradient."""
    if get_world_size() == 1:
        return x.var(dim=(0, 2, 3), correction=0)
    count = x.new_full((1,), x.numel() / x.shape[1])
    sums = all_reduce(torch.cat([x.sum(dim=(0, 2, 3)), count]))
    mean = sums[:-1] / sums[-1]
    squares = (x - of_channels(mean)).square().sum(dim=(0, 2, 3))
    return all_reduce(squares) / sums[-1]
