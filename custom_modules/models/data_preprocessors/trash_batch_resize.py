"""Multi-scale training by batch, reproducible."""

import random

import torch
from mmdet.models.data_preprocessors import BatchSyncRandomResize
from mmdet.registry import MODELS
from mmengine.logging import MessageHub
from torch import Tensor


@MODELS.register_module()
class TrashBatchResize(BatchSyncRandomResize):
    """Resize whole batches to one size for some iterations, then to another.

    The size follows from the run's seed and the iteration alone, so ranks need not agree on it, and a resumed run
    goes on with the size it was stopped at; upstream draws it on the way and forgets it.

    Args:
        random_size_range: Smallest and largest height, px.
        interval: Iterations of one size.
        size_divisor: What heights and widths are multiples of, px.
    """

    def forward(self, inputs: Tensor, data_samples: list) -> tuple[Tensor, list]:
        """Resize pictures and boxes.

        Args:
            inputs: (B, 3, H, W).
            data_samples: Their annotations.

        Returns:
            Both, at the size of the present iteration.
        """
        hub = MessageHub.get_current_instance()
        block = hub.get_info('iter', 0) // self._interval
        steps = random.Random(f'{hub.get_info("seed", 0)} {block}').randint(*self._random_size_range)
        height, width = inputs.shape[-2:]
        self._input_size = (steps * self._size_divisor, round(steps * width / height) * self._size_divisor)
        return super().forward(inputs, data_samples)

    def _get_random_size(self, aspect_ratio: float, device: torch.device) -> tuple[int, int]:
        """Draw nothing: upstream asks here for the size of the iterations to come."""
        return self._input_size
