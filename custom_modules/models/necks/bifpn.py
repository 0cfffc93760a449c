"""A weighted bi-directional feature pyramid."""

from collections.abc import Sequence
from math import gcd
from typing import Any

import torch
import torch.nn.functional as F
from mmcv.cnn import ConvModule, DepthwiseSeparableConvModule
from mmcv.cnn.bricks import build_activation_layer
from mmdet.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor, nn


class WeightedFusion(nn.Module):
    """Fast normalised fusion: ``sum_i w_i x_i / (eps + sum_j w_j)`` with learned ``w_i >= 0``.

    EfficientDet (2020), section 3.3.  A ReLU keeps the weights from going
    below zero; they start equal.

    Args:
        num_inputs: How many feature maps are fused.
        eps: Keeps the quotient finite when all weights are zero.
    """

    def __init__(self, num_inputs: int, eps: float = 1e-4) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(num_inputs))
        self.eps = eps

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Fuse ``num_inputs`` maps of one shape (N, C, H, W) into one."""
        weights = self.weight.relu()
        weights = (weights / (weights.sum() + self.eps)).to(inputs[0].dtype)
        return sum(weight * features for weight, features in zip(weights, inputs, strict=True))


class FusionNode(nn.Module):
    """Fuse maps, then activation, depthwise-separable 3 x 3 convolution, norm.

    Args:
        num_inputs: How many feature maps are fused.
        channels: Their channels, and the output's.
        norm_cfg: Norm after the convolution.
        act_cfg: Activation before it.
    """

    def __init__(self, num_inputs: int, channels: int, norm_cfg: dict, act_cfg: dict) -> None:
        super().__init__()
        self.fusion = WeightedFusion(num_inputs)
        self.act = build_activation_layer(act_cfg)
        self.conv = DepthwiseSeparableConvModule(
            channels, channels, 3, padding=1, dw_norm_cfg=None, pw_norm_cfg=norm_cfg, act_cfg=None, bias=False
        )

    def forward(self, *inputs: Tensor) -> Tensor:
        """Fuse maps of different sizes to the size of the first, (N, C, H, W) each."""
        size = inputs[0].shape[-2:]
        return self.conv(self.act(self.fusion([resize(features, size) for features in inputs])))


class BiFPNLayer(nn.Module):
    """One repetition: down from the coarsest level, then up from the finest.

    EfficientDet (2020), section 3.2 and the two equations at the end of
    section 3.3: levels between the ends are fused twice, in the second pass
    with their input as well; a node with a single input does not exist.

    Args:
        num_levels: Levels of the pyramid, two or more.
        channels: Channels of all of them.
        norm_cfg: Norm after each convolution.
        act_cfg: Activation before each convolution.
    """

    def __init__(self, num_levels: int, channels: int, norm_cfg: dict, act_cfg: dict) -> None:
        super().__init__()

        def node(num_inputs: int) -> FusionNode:
            return FusionNode(num_inputs, channels, norm_cfg, act_cfg)

        self.top_down = nn.ModuleList(node(2) for _ in range(num_levels - 1))
        self.bottom_up = nn.ModuleList(node(2 if level == num_levels - 1 else 3) for level in range(1, num_levels))

    def forward(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Fuse the levels, finest first; shapes stay as they are."""
        downward = list(inputs)
        for level in reversed(range(len(inputs) - 1)):
            downward[level] = self.top_down[level](inputs[level], downward[level + 1])
        outputs = downward[:1]
        for level, fuse in enumerate(self.bottom_up, start=1):
            between = [] if level == len(inputs) - 1 else [downward[level]]
            outputs.append(fuse(inputs[level], *between, outputs[-1]))
        return outputs


@MODELS.register_module()
class BiFPN(BaseModule):
    """Bi-directional feature pyramid with learned fusion weights (EfficientDet, 2020).

    Takes the place of mmdet's ``FPN``: a 1 x 1 convolution brings every level
    of the backbone to ``out_channels``, further levels are pooled from the
    coarsest, then :class:`BiFPNLayer` is repeated.

    The norms are group norms unless told otherwise.  Every node ends in a norm,
    and detectors of this size train with one or two pictures a card, of which
    batch norm cannot estimate its statistics (the paper has 128 on
    synchronised TPUs); ``norm_cfg=dict(type='SyncBN')`` suits large batches.

    Args:
        in_channels: Channels of the backbone's levels, finest first.
        out_channels: Channels of all outputs.
        num_outs: Number of outputs, at least the number of levels used.
        start_level: First level of the backbone to use.
        end_level: Last level to use; -1 for the backbone's last.
        add_extra_convs: What further levels come from: ``'on_input'`` (or True)
            the backbone's last level through a 1 x 1 convolution of its own, as in
            the paper; ``'on_lateral'`` (or False) that level at ``out_channels``.
        num_layers: Repetitions; the paper has 3 (D0) to 8 (D7).
        norm_cfg: Norm of all convolutions; None for group norm with at most 32
            groups of at least two channels.
        act_cfg: Activation before the convolutions.
        init_cfg: How convolutions are initialised.

    Raises:
        ValueError: The numbers of levels do not fit together.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        out_channels: int,
        num_outs: int,
        start_level: int = 0,
        end_level: int = -1,
        add_extra_convs: bool | str = 'on_input',
        num_layers: int = 3,
        norm_cfg: dict[str, Any] | None = None,
        act_cfg: dict[str, Any] = dict(type='SiLU'),  # noqa: B006 - never changed
        init_cfg: dict | list | None = dict(type='Caffe2Xavier', layer='Conv2d'),  # noqa: B006
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.in_channels = list(in_channels)
        self.levels = range(start_level, len(in_channels) if end_level == -1 else end_level + 1)
        _check(self.in_channels, self.levels, num_outs, add_extra_convs)
        norm_cfg = norm_cfg or dict(type='GN', num_groups=gcd(64, out_channels) // 2 or 1)

        def project(channels: int) -> ConvModule:
            return ConvModule(channels, out_channels, 1, norm_cfg=norm_cfg, act_cfg=None)

        # Called as in FPN, so that a trained FPN passes its laterals on.
        self.lateral_convs = nn.ModuleList(project(in_channels[level]) for level in self.levels)
        self.num_extra = num_outs - len(self.levels)
        from_input = self.num_extra and add_extra_convs in (True, 'on_input')
        self.extra = project(in_channels[self.levels[-1]]) if from_input else None
        self.layers = nn.ModuleList(BiFPNLayer(num_outs, out_channels, norm_cfg, act_cfg) for _ in range(num_layers))

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Fuse the backbone's levels.

        Args:
            inputs: All levels of the backbone, (N, in_channels[i], H_i, W_i), finest first.

        Returns:
            ``num_outs`` maps (N, out_channels, h_i, w_i): the sizes of the levels used, then each half the one before,
            rounded up.
        """
        if len(inputs) != len(self.in_channels):
            raise ValueError(f'BiFPN: {len(inputs)} levels given, in_channels names {len(self.in_channels)}')
        features = [project(inputs[level]) for project, level in zip(self.lateral_convs, self.levels, strict=True)]
        coarsest = self.extra(inputs[self.levels[-1]]) if self.extra else features[-1]
        for _ in range(self.num_extra):
            coarsest = halve(coarsest)
            features.append(coarsest)
        for layer in self.layers:
            features = layer(features)
        return tuple(features)


def halve(features: Tensor) -> Tensor:
    """Pool a map (N, C, H, W) to half its size, rounded up, over windows of three as the paper's code does."""
    return F.max_pool2d(features, kernel_size=3, stride=2, padding=1)


def resize(features: Tensor, size: Sequence[int]) -> Tensor:
    """Bring a map (N, C, H, W) to exactly ``size``: coarser ones are repeated, finer ones halved by pooling."""
    if features.shape[-2] > size[0] or features.shape[-1] > size[1]:
        features = halve(features)
    return features if features.shape[-2:] == torch.Size(size) else F.interpolate(features, size=tuple(size))


def _check(in_channels: list[int], levels: range, num_outs: int, add_extra_convs: bool | str) -> None:
    if not levels or levels[0] < 0 or levels[-1] >= len(in_channels):
        raise ValueError(
            f'BiFPN: start_level and end_level select levels {list(levels)} of a backbone with {len(in_channels)}'
        )
    if num_outs < max(len(levels), 2):
        raise ValueError(f'BiFPN: num_outs={num_outs} is too few for {len(levels)} levels; at least two are fused')
    if add_extra_convs not in (True, False, 'on_input', 'on_lateral'):
        raise ValueError(
            f'BiFPN: add_extra_convs={add_extra_convs!r}; further levels exist before the pyramid does, '
            f"so they come 'on_input' or 'on_lateral'"
        )
