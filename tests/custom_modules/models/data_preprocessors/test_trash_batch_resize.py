"""One size for a block of iterations, the same after a restart."""

import pytest
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.logging import MessageHub
from mmengine.structures import InstanceData


@pytest.fixture
def at():
    """Give a function that resizes a batch of one 64 x 96 picture with a box at an iteration."""
    hub = MessageHub.get_instance('test_trash_batch_resize')

    def run(iteration: int, seed: int = 0) -> tuple[tuple[int, int], list[float]]:
        resize = MODELS.build({'type': 'TrashBatchResize', 'random_size_range': (64, 640), 'interval': 10})
        hub.update_info('iter', iteration)
        hub.update_info('seed', seed)
        sample = DetDataSample(gt_instances=InstanceData(bboxes=torch.tensor([[8.0, 16, 24, 32]])))
        sample.set_metainfo({'img_shape': (64, 96), 'pad_shape': (64, 96)})
        inputs, [sample] = resize(torch.zeros(1, 3, 64, 96), [sample])
        assert sample.batch_input_shape == tuple(inputs.shape[-2:])
        return tuple(inputs.shape[-2:]), sample.gt_instances.bboxes[0].tolist()

    return run


def test_a_block_of_iterations_has_one_size(at):
    sizes = {iteration: at(iteration)[0] for iteration in range(60)}  # a new object each time, as after a restart
    assert all(sizes[iteration] == sizes[iteration - iteration % 10] for iteration in sizes)
    assert len(set(sizes.values())) > 3
    assert all(height % 32 == width % 32 == 0 and 64 <= height <= 640 for height, width in sizes.values())


def test_another_seed_gives_other_sizes(at):
    assert [at(block)[0] for block in range(0, 60, 10)] != [at(block, seed=1)[0] for block in range(0, 60, 10)]


def test_boxes_go_along(at):
    (height, width), box = at(0)
    assert width == pytest.approx(height * 96 / 64, abs=16)
    down, across = height / 64, width / 96
    assert box == pytest.approx([8 * across, 16 * down, 24 * across, 32 * down])
