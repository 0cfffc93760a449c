"""What EvoNorm layers share: a scale, a shift, and an activation that is part of them."""

import torch
from torch import Tensor, nn


class EvoNorm:
    """Mixin for norms that contain their activation, to be put before a norm of torch among the bases.

    No ReLU belongs behind them, and it would be another layer than the paper's: S0 would lose its small negative
    values, B0 half of its outputs.  mmcv's ``ConvModule`` and mmseg's decode heads have none with ``act_cfg=None``, as
    ``configs/_base_/norms.py`` sets it; for backbones that write it down see
    :func:`~custom_modules.models.norms.drop_doubled_activations`.
    """

    _abbr_ = 'evonorm'  # mmcv calls the layer so; weights published for batch norms then do not fit it

    v: nn.Parameter | None

    def init_activation(self, num_features: int) -> None:
        """Make the parameter v1 of the paper, ones at the start."""
        self.v = nn.Parameter(torch.ones(num_features))

    def leave_affine(self) -> None:
        """Keep the scale and the shift alone: what the authors' ResNets have in front of a sum with a shortcut."""
        self.register_parameter('v', None)

    def activated(self, x: Tensor) -> Tensor:
        """Normalise and activate (N, C, H, W), single precision or better."""
        raise NotImplementedError

    def forward(self, input: Tensor) -> Tensor:
        """Apply the layer.

        Args:
            input: (N, C, H, W) of any precision; statistics are taken in single precision.

        Returns:
            The same shape and precision.
        """
        with torch.autocast(input.device.type, enabled=False):
            x = input.to(torch.promote_types(input.dtype, torch.float32))
            x = x if self.v is None else self.activated(x)
            return (x * of_channels(self.weight) + of_channels(self.bias)).to(input.dtype)


def of_channels(values: Tensor) -> Tensor:
    """View (C,) as (1, C, 1, 1)."""
    return values.view(1, -1, 1, 1)
