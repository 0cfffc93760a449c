"""FCN-8s: scores of three strides, added up from coarse to fine."""

from collections.abc import Sequence
from typing import Any

import torch
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.utils import resize
from mmseg.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class FCN8sHead(BaseDecodeHead):
    """Skip layers of fully convolutional networks (Long et al., 2015, section 4.2 and figure 3).

    Every level gets scores of its own by a 1 x 1 convolution.  The coarsest are doubled by a transposed convolution,
    which is learned and starts as bilinear interpolation, and the next finer ones added, and so on; the rest of the
    way to the picture is bilinear.  The finer levels' scores start at zero, so that the net begins as the coarse one.
    (Upstream's ``FCNHead`` has no skips.)

    Args:
        in_channels: Channels of the levels, finest first; for FCN-8s of stride 8, 16 and 32.
        kwargs: Upstream's, without ``channels``.
    """

    def __init__(self, in_channels: Sequence[int], **kwargs: Any) -> None:
        super().__init__(in_channels=in_channels, channels=in_channels[-1], input_transform='multiple_select', **kwargs)
        maps = self.out_channels
        self.scores = nn.ModuleList(nn.Conv2d(width, maps, 1) for width in in_channels[:-1])
        self.doublings = nn.ModuleList(
            nn.ConvTranspose2d(maps, maps, 4, stride=2, padding=1, bias=False) for _ in self.scores
        )

    def init_weights(self) -> None:
        """Initialise; not by a config, because it depends on where a layer stands."""
        super().init_weights()
        for score in self.scores:
            nn.init.zeros_(score.weight)
            nn.init.zeros_(score.bias)
        for doubling in self.doublings:
            with torch.no_grad():
                doubling.weight.copy_(bilinear_doubling(self.out_channels))

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Calculate the scores of the classes.

        Args:
            inputs: All maps of the backbone, (N, C_i, H_i, W_i).

        Returns:
            (N, num_classes, H, W), the finest level being H x W.
        """
        *finer, coarsest = self._transform_inputs(inputs)
        scores = self.cls_seg(coarsest)
        for score, doubling, features in zip(
            reversed(self.scores), reversed(self.doublings), reversed(finer), strict=True
        ):
            own = score(features)
            # Sides of pictures that 32 does not divide: a level may have a row more than twice the coarser one.
            scores = own + resize(
                doubling(scores), size=own.shape[2:], mode='bilinear', align_corners=self.align_corners
            )
        return scores


def bilinear_doubling(maps: int) -> Tensor:
    """Make the weights (maps, maps, 4, 4) of a transposed convolution that doubles each map by interpolation."""
    line = torch.tensor([0.25, 0.75, 0.75, 0.25])
    return torch.eye(maps)[:, :, None, None] * line[:, None] * line[None, :]
