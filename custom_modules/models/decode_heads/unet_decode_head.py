"""U-Net's decoder over any backbone."""

from collections.abc import Sequence
from typing import Any

import torch
from mmcv.cnn import ConvModule
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.utils import resize
from mmseg.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class UNetDecodeHead(BaseDecodeHead):
    """The expanding path of U-Net (Ronneberger et al., 2015, section 2) over the maps of a backbone.

    Each step resizes the map to that of the next finer level, sets the two beside each other, and convolves twice;
    the last doubles the finest map without a partner.  As usual with trained encoders, resizing is bilinear instead
    of a transposed convolution, convolutions keep the size and have norms.  (Upstream's decoder belongs to its own
    encoder.)

    Args:
        in_channels: Channels of the levels, finest first, each half the size of the one before.
        up_channels: Widths of the steps to each level but the coarsest, coarse ones first.
        channels: Width of the last step.
        kwargs: Upstream's.

    Raises:
        ValueError: ``up_channels`` is not one shorter than ``in_channels``.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        *,
        up_channels: Sequence[int] = (256, 128, 64, 32),
        channels: int = 16,
        **kwargs: Any,
    ) -> None:
        super().__init__(in_channels=in_channels, channels=channels, input_transform='multiple_select', **kwargs)
        if len(up_channels) != len(in_channels) - 1:
            raise ValueError(
                f'UNetDecodeHead: {len(up_channels)} up_channels for {len(in_channels)} levels; give one less'
            )
        coarse, *skips = reversed(in_channels)
        widths = [coarse, *up_channels, channels]
        inputs = [below + skip for below, skip in zip(widths, [*skips, 0], strict=False)]
        self.steps = nn.ModuleList(map(self._step, inputs, widths[1:]))

    def _step(self, channels: int, width: int) -> nn.Sequential:
        settings = dict(padding=1, conv_cfg=self.conv_cfg, norm_cfg=self.norm_cfg, act_cfg=self.act_cfg)
        return nn.Sequential(ConvModule(channels, width, 3, **settings), ConvModule(width, width, 3, **settings))

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Calculate the scores of the classes.

        Args:
            inputs: All maps of the backbone, (N, C_i, H_i, W_i).

        Returns:
            (N, num_classes, 2 H, 2 W), the finest level being H x W.
        """
        *skips, features = self._transform_inputs(inputs)
        for step, skip in zip(self.steps, reversed(skips), strict=False):
            features = step(torch.cat([self._resized(features, skip.shape[2:]), skip], dim=1))
        size = [2 * side for side in features.shape[2:]]
        return self.cls_seg(self.steps[-1](self._resized(features, size)))

    def _resized(self, features: Tensor, size: Sequence[int]) -> Tensor:
        return resize(features, size=tuple(size), mode='bilinear', align_corners=self.align_corners)
