"""Group norm for any number of channels."""

from mmengine.registry import MODELS
from torch import nn


def fitting_groups(num_channels: int, num_groups: int) -> int:
    """Return the largest number of equal groups that the channels can be shared out among, up to ``num_groups``."""
    return next(number for number in range(min(num_groups, num_channels), 0, -1) if num_channels % number == 0)


@MODELS.register_module()
class TrashGroupNorm(nn.GroupNorm):
    """torch's ``GroupNorm`` (``GN``) that takes fewer groups where the channels do not divide, instead of an error.

    DeepLabV3+ has layers of 48 channels, U-Net's last ones 16: 32 groups become 24 and 16.

    Args:
        num_features: Channels.
        num_groups: Largest number of groups.
        eps: Added to variances.
    """

    def __init__(self, num_features: int, num_groups: int = 32, eps: float = 1e-5) -> None:
        super().__init__(fitting_groups(num_features, num_groups), num_features, eps=eps)
