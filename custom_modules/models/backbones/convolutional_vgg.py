"""VGG as a fully convolutional network."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.model import BaseModule
from mmseg.registry import MODELS
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

_POOLS = 5


@MODELS.register_module()
class ConvolutionalVGG(BaseModule):
    """VGG (Simonyan and Zisserman, 2015) with its two hidden linear layers as convolutions (Long et al., 2015).

    torchvision's classification weights load as they are: names are the same, and a linear layer over 7 x 7 cells
    is the convolution of that size.  (Upstream's VGGs have no such layers, or SSD's in their place.)

    Returns the third and fourth pooled maps and the last hidden one, of stride 8, 16 and 32.

    Args:
        num_convs: Convolutions before each of the five poolings; VGG-16's.
        base_channels: Width of the first convolutions; it doubles up to eightfold.
        fc_channels: Width of the hidden layers.
        fc_size: Height and width of the map that the first hidden layer was trained on.
        dropout_ratio: After the first hidden layer; a decode head drops what it gets from the second.
        with_cp: Keep the pooled maps only, and compute the others again in the backward pass.
        init_cfg: How to initialise; by default for ReLU.

    Raises:
        ValueError: There are not five numbers of convolutions.
    """

    def __init__(
        self,
        num_convs: Sequence[int] = (2, 2, 3, 3, 3),
        *,
        base_channels: int = 64,
        fc_channels: int = 4096,
        fc_size: int = 7,
        dropout_ratio: float = 0.5,
        with_cp: bool = False,
        init_cfg: dict | list | None = dict(type='Kaiming', layer='Conv2d'),  # noqa: B006 - never changed
    ) -> None:
        super().__init__(init_cfg)
        if len(num_convs) != _POOLS:
            raise ValueError(f'ConvolutionalVGG: num_convs={num_convs}; give {_POOLS} numbers')
        self.with_cp = with_cp
        layers, channels, self.pools = [], 3, []
        for level, number in enumerate(num_convs):
            width = base_channels * min(2**level, 8)
            for _ in range(number):
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
                channels = width
            self.pools.append(len(layers))
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Conv2d(channels, fc_channels, fc_size, padding=fc_size // 2),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout_ratio),
            nn.Conv2d(fc_channels, fc_channels, 1),
            nn.ReLU(inplace=True),
        )

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """Calculate features of pictures (N, 3, H, W) with sides of 32 px at least."""
        maps, first = [pictures], 0
        for pool in self.pools:
            maps.append(self._calculate(self.features[first : pool + 1], maps[-1]))
            first = pool + 1
        return *maps[3:5], self._calculate(self.classifier, maps[5])

    def _calculate(self, layers: nn.Sequential, features: Tensor) -> Tensor:
        if self.with_cp and torch.is_grad_enabled():
            return checkpoint(layers, features, use_reentrant=False)
        return layers(features)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
        state_dict.update(convolutional(state_dict, f'{prefix}classifier.', self.state_dict()))
        super()._load_from_state_dict(state_dict, prefix, *args)


def convolutional(given: Mapping[str, Any], prefix: str, own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Give the weights of linear layers the shape of convolutions.

    Args:
        given: Tensors by name.
        prefix: Of the names to look at.
        own: The convolutions' tensors, by names that begin with ``classifier.``.

    Returns:
        Those that are matrices of as many numbers as the convolutions they stand for, in their shape.
    """
    found = {}
    for key, weight in given.items():
        mine = own.get(f'classifier.{key.removeprefix(prefix)}') if key.startswith(prefix) else None
        if mine is not None and mine.dim() == 4 and weight.dim() == 2 and weight.numel() == mine.numel():
            found[key] = weight.view_as(mine)
    return found
