"""EfficientNet for dense prediction: fewer strides, more dilation, the published weights as they are."""

from typing import Any

from mmcv.cnn import ConvModule
from mmdet.models.backbones import EfficientNet
from mmdet.models.layers import InvertedResidual
from mmengine.model import Sequential
from mmseg.registry import MODELS
from torch import linspace, nn

_LAST_STAGE = 5


@MODELS.register_module()
class DilatedEfficientNet(EfficientNet):
    """EfficientNet (Tan and Le, 2019) whose last stages can be dilated instead of halving the map.

    Parameters have mmdet's names and shapes, so that ImageNet weights load whatever the stride.  A depthwise
    convolution that loses its stride keeps its dilation, because its input is as fine as before; what follows sees
    its neighbours twice as far apart (Chen et al., 2017, "Rethinking Atrous Convolution", section 3.1).

    The map after the stem and the stages 1 to 5 has stride 2, 2, 4, 8, 16 and 32.  Norms and drop path default to
    the values that the published weights were trained with (upstream: momentum 0.1, no drop path).

    Args:
        arch: ``'b0'`` to ``'b8'``.
        output_stride: Stride of the coarsest map: 32, 16 or 8.
        out_indices: Which of stem (0) and stages (1 to 5) to return.
        widen_factor: Factor on the arch's widths, each a multiple of 8; 1 / 8 for tests.
        deepen_factor: Factor on the arch's numbers of blocks.
        drop_path_rate: Of the last block; it grows linearly from 0.
        norm_cfg: Norm of all convolutions.
        kwargs: Upstream's.

    Raises:
        ValueError: ``arch``, ``output_stride`` or ``out_indices`` is none of these.
    """

    def __init__(
        self,
        arch: str = 'b0',
        *,
        output_stride: int = 32,
        out_indices: tuple[int, ...] = (1, 2, 3, 4, 5),
        widen_factor: float = 1.0,
        deepen_factor: float = 1.0,
        drop_path_rate: float = 0.2,
        norm_cfg: dict[str, Any] = dict(type='BN', eps=1e-3, momentum=0.01),  # noqa: B006 - never changed
        **kwargs: Any,
    ) -> None:
        if not arch.startswith('b') or arch not in self.arch_settings:
            raise ValueError(f'DilatedEfficientNet: arch={arch!r}; it is one of b0 to b8')
        if output_stride not in (8, 16, 32):
            raise ValueError(f'DilatedEfficientNet: output_stride={output_stride}; it is 8, 16 or 32')
        if not set(out_indices) <= set(range(_LAST_STAGE + 1)):
            raise ValueError(f'DilatedEfficientNet: out_indices={out_indices}; they are 0 to {_LAST_STAGE}')
        self.widen_factor, self.deepen_factor = widen_factor, deepen_factor  # plain numbers: may precede __init__
        super().__init__(arch, drop_path_rate, out_indices, norm_cfg=norm_cfg, **kwargs)
        dilate(self.layers, output_stride)

    def make_layer(self) -> None:
        """Build stem and stages up to the last that is asked for; called by upstream's constructor."""
        stages = [self._scaled(stage) for stage in self.layer_setting[1:-1]][: max(self.out_indices)]
        rates = iter(linspace(0, self.drop_path_rate, sum(map(len, stages))).tolist())
        self.in_channels = self._width(self.in_channels)
        self.layers = nn.ModuleList([self._stem()])
        for stage in stages:
            self.layers.append(Sequential(*(self._block(*settings, next(rates)) for settings in stage)))

    def _scaled(self, stage: list[list[int]]) -> list[list[int]]:
        """Keep a part of a stage's blocks, the ones that change stride or width among them."""
        keeps = [i == 0 or block[1] != stage[i - 1][1] for i, block in enumerate(stage)]
        others = round(self.deepen_factor * (len(stage) - sum(keeps)))
        extra = [i for i, kept in enumerate(keeps) if not kept][:others]
        return [block for i, block in enumerate(stage) if keeps[i] or i in extra]

    def _width(self, channels: int) -> int:
        return max(1, round(self.widen_factor * channels))

    def _stem(self) -> ConvModule:
        kernel_size, _, _, stride, *_ = self.layer_setting[0][0]
        settings = dict(conv_cfg=self.conv_cfg, norm_cfg=self.norm_cfg, act_cfg=self.act_cfg)
        return ConvModule(3, self.in_channels, kernel_size, stride=stride, padding=kernel_size // 2, **settings)

    def _block(
        self, kernel_size: int, channels: int, se_ratio: int, stride: int, expand_ratio: int, _: int, drop: float
    ) -> InvertedResidual:
        """Build a block; its squeeze is a part of its input, the expansion notwithstanding."""
        narrow, middle = self.in_channels, self.in_channels * expand_ratio
        self.in_channels = self._width(channels)
        return InvertedResidual(
            narrow,
            self.in_channels,
            middle,
            kernel_size=kernel_size,
            stride=stride,
            se_cfg=dict(
                channels=middle,
                ratio=min(se_ratio * expand_ratio, middle),
                act_cfg=(self.act_cfg, dict(type='Sigmoid')),
            ),
            with_expand_conv=middle != narrow,
            conv_cfg=self.conv_cfg,
            norm_cfg=self.norm_cfg,
            act_cfg=self.act_cfg,
            drop_path_rate=drop,
            with_cp=self.with_cp,
        )


def dilate(layers: nn.ModuleList, output_stride: int) -> None:
    """Turn the strides beyond ``output_stride`` into dilation, in place.

    Args:
        layers: Stem and stages.
        output_stride: Stride of the coarsest map.
    """
    stride, dilation = 2, 1  # after the stem
    for stage in layers[1:]:
        for block in stage:
            conv = block.depthwise_conv.conv
            step = conv.stride[0]
            if step > 1 and stride * step > output_stride:
                conv.stride, conv.dilation, dilation = (1, 1), (dilation,) * 2, dilation * step
            else:
                conv.dilation = (dilation,) * 2
                stride *= step
            if any(conv.padding):  # other than those that pad as the picture needs
                conv.padding = tuple(d * (k - 1) // 2 for d, k in zip(conv.dilation, conv.kernel_size, strict=True))
