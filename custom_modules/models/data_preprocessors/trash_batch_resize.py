"""Multi-scale training by batch, reproducible."""

import random

from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.logging import MessageHub
from torch import Tensor, nn
from torch.nn import functional


@MODELS.register_module()
class TrashBatchResize(nn.Module):
    """Resize whole batches to one size for some iterations, then to another.

    The size follows from the run's seed and the iteration alone, so ranks need not agree on it, and a resumed run
    goes on with the size it was stopped at.  (Upstream's ``BatchSyncRandomResize`` draws it on the way and forgets it.)

    Args:
        random_size_range: Smallest and largest height, px.
        interval: Iterations of one size.
        size_divisor: What heights and widths are multiples of, px.
    """

    def __init__(self, random_size_range: tuple[int, int], *, interval: int = 10, size_divisor: int = 32) -> None:
        super().__init__()
        self.random_size_range = random_size_range
        self.interval = interval
        self.size_divisor = size_divisor

    def forward(self, inputs: Tensor, data_samples: list[DetDataSample]) -> tuple[Tensor, list[DetDataSample]]:
        """Resize pictures and boxes.

        Args:
            inputs: (B, 3, H, W).
            data_samples: Their annotations, boxes as xyxy tensors in px.

        Returns:
            Both, at the size of the present iteration.
        """
        height, width = inputs.shape[-2:]
        size = self._size(width / height)
        if size != (height, width):
            inputs = functional.interpolate(inputs, size, mode='bilinear', align_corners=False)
            for sample in data_samples:
                _resize(sample, size, size[0] / height, size[1] / width)
        return inputs, data_samples

    def _size(self, aspect: float) -> tuple[int, int]:
        """Return height and width for the present iteration."""
        hub = MessageHub.get_current_instance()
        block = (hub.get_info('iter') or 0) // self.interval
        draw = random.Random(f'{hub.get_info("seed")} {block}')
        smallest, largest = (round(side / self.size_divisor) for side in self.random_size_range)
        steps = draw.randint(smallest, largest)
        return steps * self.size_divisor, max(round(steps * aspect), 1) * self.size_divisor


def _resize(sample: DetDataSample, size: tuple[int, int], down: float, across: float) -> None:
    shapes = {name: sample.metainfo[name] for name in ('img_shape', 'pad_shape') if name in sample.metainfo}
    shapes = {name: (round(height * down), round(width * across)) for name, (height, width) in shapes.items()}
    sample.set_metainfo({**shapes, 'batch_input_shape': size})
    for name in ('gt_instances', 'ignored_instances'):
        if name in sample:
            boxes = sample.get(name).bboxes
            sample.get(name).bboxes = boxes * boxes.new_tensor([across, down, across, down])
